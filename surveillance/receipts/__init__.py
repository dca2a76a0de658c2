"""Receipts: what an association is told about a file it sent, and how that comes into its own folder."""
