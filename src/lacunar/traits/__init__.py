"""Traits: attributes of a person from one small image, learnt from labels full of gaps."""
