"""SOS surveillance: the engine of the nightly syndromic surveillance of SOS Médecins."""

from __future__ import annotations

__version__ = "0.1.0"
