"""Delivery: the daily package built, numbered, signed, sent and verified."""
