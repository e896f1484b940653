"""Step 1, reading: CSV tables and image files to ``LabelledImages`` and ``ImageArray``."""
