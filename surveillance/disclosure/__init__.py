"""Small counts in what leaves: hidden, with what would betray them, also against everything that left before."""
