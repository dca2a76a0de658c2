"""Makers: commands run by hand, once in a while, that reduce published packages to the small tables we ship."""
