"""Access for analysts: statements on the published copy, line lists, and the chained log of every access."""
