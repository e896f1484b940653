"""Views: the content of the pages, computed from models by pure functions."""
