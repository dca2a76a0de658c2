"""Every detection method by name, and its settings as a person writes them: our names or those of the reference."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from math import isfinite, isinf, isnan
from typing import Any

import surveillance.detection
from surveillance.detection.judged import Method, Parameter
from surveillance.errors import UsageError

TRUE, FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")
NOTHING = ("null", "none", "")
ALGORITHM = "algo."  # before the names of many functions of R surveillance
WORDS = {  # values as the reference writes them: by parameter
    "epoch": {"true": "date", "false": "index"},
    "fit": {
        "algo.farrington.fitglm.fast": "fast",
        "algo.farrington.fitglm": "glm",
        "algo.farrington.fitglm.populationoffset": "population_offset",
    },
}


def methods() -> dict[str, Method]:
    """All METHODS of the modules beside this one, by name in alphabetical order; imported when first asked for."""
    return dict(sorted((method.name, method) for name in _modules() for method in _methods_of(name)))


def find_method(name: str) -> Method:
    """The method of that name, capitals and underscores aside (`farringtonFlexible`, `algo.glrnb` too).

    Modules are imported until it is found, those that begin as it does first: what compiles takes a second to import.
    """
    wanted = _plain(name.removeprefix(ALGORITHM))
    for module in sorted(_modules(), key=lambda one: -_alike(_plain(one), wanted)):
        for method in _methods_of(module):
            if _plain(method.name) == wanted:
                return method
    known = list(methods())
    near = get_close_matches(name.lower(), known, 3, 0.5)
    raise UsageError(
        f"no method is called {name!r}", f"perhaps {', '.join(near)}" if near else f"there are {', '.join(known)}"
    )


def _alike(one: str, other: str) -> int:
    """With how many letters both begin."""
    return next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(surveillance.detection.__path__)]


def _methods_of(module: str) -> tuple[Method, ...]:
    return tuple(getattr(import_module(f"surveillance.detection.{module}"), "METHODS", ()))


def read_settings(method: Method, written: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Settings to run a method with, typed as their defaults are, from (name, value) as texts; the last one holds."""
    found: dict[str, Any] = {}
    for name, text in written:
        parameters = find_parameters(method, name)
        parts = _parts(text) if len(parameters) > 1 else [text]
        if len(parts) != len(parameters):
            names = ", ".join(one.name for one in parameters)
            message = f"{method.name}: {name}={text}: {len(parameters)} values are needed"
            raise UsageError(message, f"{names}, in this order")
        for parameter, part in zip(parameters, parts, strict=True):
            found[parameter.name] = read_value(method, parameter, part.strip())
    return found


def find_parameters(method: Method, name: str) -> list[Parameter]:
    """The parameter of that name; by a name of the reference all that it sets, in order. Ours come first."""
    ours = [(one.name, one) for one in method.parameters]
    theirs = [(other, one) for one in method.parameters for other in one.reference]
    for known in (ours, theirs):
        for wanted, spelt in ((name, str), (_plain(name), _plain)):
            found = [one for written, one in known if spelt(written) == wanted]
            if found:
                return found
    names = [one.name for one in method.parameters]
    near = get_close_matches(name.lower(), [*names, *(other for one in method.parameters for other in one.reference)])
    raise UsageError(
        f"{method.name} has no parameter {name!r}",
        f"perhaps {', '.join(near)}" if near else f"it has {', '.join(names) or 'none'}; range, freq, epoch: of all",
    )


def read_value(method: Method, parameter: Parameter, text: str) -> Any:
    """A value as its default is typed, one of its choices where it has any."""
    where = f"{method.name}: {parameter.name}={text}"
    text = WORDS.get(parameter.name, {}).get(text.lower(), text)
    if parameter.choices:
        for choice in parameter.choices:
            if _same(choice, text):
                return choice
        raise UsageError(f"{where}: not one of its choices", f"it knows {', '.join(map(str, parameter.choices))}")
    endless = isinstance(parameter.default, float) and isinf(parameter.default)
    if (parameter.default is None or endless or isinstance(parameter.default, str)) and text.lower() in NOTHING:
        return parameter.default
    try:
        return _within(parameter, _typed(parameter.default, text))
    except ValueError as error:
        raise UsageError(f"{where}: {error}", f"{parameter.about}; as {said(parameter.default)}") from None


def _within(parameter: Parameter, value: Any) -> Any:
    """The value, if a number or a list of them may be so small and so large."""
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, (int, float)) and not parameter.least <= one <= parameter.most:
            least, most = said(float(parameter.least)), said(float(parameter.most))
            raise ValueError(f"not from {least} to {most}" if isfinite(parameter.most) else f"it is {least} or more")
    return value


def said(value: Any) -> str:
    """A value as it is written after `--param NAME=`."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (tuple, list)):
        return ",".join(map(said, value))
    return "NULL" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def _typed(default: Any, text: str) -> Any:
    if isinstance(default, bool):
        if text.lower() in (*TRUE, *FALSE):
            return text.lower() in TRUE
        raise ValueError("neither TRUE nor FALSE")
    if isinstance(default, (tuple, list)):
        return _listed(default, text)
    if isinstance(default, int):
        return _whole(text)
    if isinstance(default, float):
        return _number(text)
    return _whatever(text)


def _listed(default: Any, text: str) -> tuple[Any, ...]:
    """`5,4`, `5:4` or `c(5, 4)`; as many as the default has, unless it has none."""
    parts = _parts(text)
    if default and len(parts) != len(default):
        raise ValueError(f"{len(default)} values are needed")
    return tuple(_typed(default[place] if default else 0.0, part) for place, part in enumerate(parts))


def _parts(text: str) -> list[str]:
    inside = text.strip().removeprefix("c").strip("()").replace(":", ",")
    return [part.strip() for part in inside.split(",") if part.strip()]


def _whole(text: str) -> int:
    number = _number(text.removesuffix("L"))
    if number != round(number):
        raise ValueError("not a whole number")
    return int(number)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError("decimals are written with a point" if "," in text else "not a number") from None
    if isnan(number):
        raise ValueError("not a number")
    return number


def _whatever(text: str) -> Any:
    """Without a typed default: a number where it is one, TRUE or FALSE, else a word."""
    for reader in (_whole, _number):
        try:
            return reader(text)
        except (ValueError, OverflowError):
            continue
    return {"TRUE": True, "FALSE": False}.get(text, text)


def _same(choice: Any, text: str) -> bool:
    if isinstance(choice, bool):
        return text.lower() in (TRUE if choice else FALSE)
    if isinstance(choice, (int, float)):
        try:
            return float(text) == choice
        except ValueError:
            return False
    return _plain(str(choice)) == _plain(text) or (choice is None and text.lower() in NOTHING)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in "_.- ")
