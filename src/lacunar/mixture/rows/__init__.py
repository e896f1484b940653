"""Observations for EM, one module per kind of row: complete, with gaps, with noise."""
