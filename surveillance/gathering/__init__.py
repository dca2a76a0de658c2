"""Gathering: the files of the associations into the inbox of a night, and what came of asking each for them."""
