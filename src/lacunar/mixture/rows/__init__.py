"""Observations for EM, one module for each kind of row: complete, with gaps, with noise."""
