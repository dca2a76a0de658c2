"""Intake: one received file, from its bytes to pseudonymised visits, every line accounted for."""
