"""The local web app and its HTTP service: one process, no build step, nothing from elsewhere."""
