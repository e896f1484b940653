"""Tastes: from a ratings log to genre profiles, segments and recommendations."""
