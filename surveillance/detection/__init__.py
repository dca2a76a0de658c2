"""Detection: pure functions on arrays of counts (time × series)."""
