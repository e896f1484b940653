"""The report on a taste model."""
