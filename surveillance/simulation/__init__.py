"""Nights of feeds made from published counts, with delays, faults and outbreaks of known truth."""

from __future__ import annotations

from surveillance.simulation.faults import Fault, default_trouble, parse_fault
from surveillance.simulation.outbreaks import Outbreak, parse_outbreak
from surveillance.simulation.run import simulate
from surveillance.simulation.truth import Truth

__all__ = ["Fault", "Outbreak", "Truth", "default_trouble", "parse_fault", "parse_outbreak", "simulate"]
