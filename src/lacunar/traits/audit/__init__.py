"""Audit of labelled images: wrong labels, bad images, copies, gaps worth filling, and shift."""
