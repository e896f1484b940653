"""Generated ratings with known segments."""
