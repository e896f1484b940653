"""The web app and its HTTP API, in one process and without external resources."""
