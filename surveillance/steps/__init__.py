"""The steps of a night; none knows another."""
