"""A generated ratings log with planted segments."""
