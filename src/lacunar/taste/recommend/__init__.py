"""Recommenders: one contract, several rules."""
