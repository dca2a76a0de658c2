"""What is watched every night: the settings of indicators/signals.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from surveillance.content import Content, load

FILE = "indicators/signals.toml"


class EarsRule(BaseModel):
    """The table `[ears_c2]`: days of baseline, floor on the standard deviation, least count, what is tested."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    baseline_days: int = Field(ge=3)
    min_sigma: float = Field(ge=0)
    min_count: int = Field(ge=0)
    tested_days: int = Field(ge=1)
    territories: list[Literal["national", "region", "department"]]
    history_days: int = Field(ge=10)


class SignalRules(BaseModel):
    """The file indicators/signals.toml. `syndromes`: ids of the definitions that are tested; none = all."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    syndromes: tuple[str, ...] = ()
    ears_c2: EarsRule


def load_rules(content: Content) -> SignalRules:
    """The rules in force."""
    return load(content, FILE, SignalRules)
