"""Step 1, read: CSV tables and image files into ``LabelledImages`` and ``ImageArray``."""
