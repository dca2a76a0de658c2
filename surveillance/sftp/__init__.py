"""SFTP, both sides: a client that believes only what it has proven, and the servers of the demonstration."""

from __future__ import annotations
