"""Broken, hostile and odd files in every dialect, each with the outcome that the published rules give it.

Expectations come from the formats and from `extracts/`, not from what the readers do. Everything in the files is
invented; whatever stands for a patient's value carries one of CANARIES, which no sentence may repeat.
"""
