"""Step 1, read: tables of ratings and items into ``Ratings`` and ``Histories``."""
