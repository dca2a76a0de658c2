"""What a caller says: short French texts read as concepts; the text itself is kept nowhere."""
