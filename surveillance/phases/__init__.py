"""Epidemic phases by région and week: three methods vote, rules say base, pre-epidemic, epidemic or post-epidemic."""
