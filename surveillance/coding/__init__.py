"""Coding: what a diagnosis or a call reason means, and which syndromes a visit counts in."""
