"""Step 2, architectures: networks, ensembles, inference."""
