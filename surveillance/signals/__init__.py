"""Signals of a night: every series tested, a budget of false alarms, events made of alarms, and what became of them."""
