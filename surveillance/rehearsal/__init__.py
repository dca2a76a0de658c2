"""Rehearsal: a new sender's trial files, read as the night would, and the certificate that they are good enough."""
