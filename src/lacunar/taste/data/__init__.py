"""Step 1, read: tables of ratings and films to ``Ratings`` and ``Histories``."""
