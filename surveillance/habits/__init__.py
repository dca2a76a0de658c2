"""Habits: what an association usually sends, learnt from its own last nights, and how far tonight is from it."""
