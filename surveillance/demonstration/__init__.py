"""The demonstration: a night on one machine, with the servers of the 63 associations and of the agency."""
