"""Changed case definitions: tried on the history before they are in force, adopted without losing the old coding."""
