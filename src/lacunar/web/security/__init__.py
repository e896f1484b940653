"""ASGI middlewares that check and limit requests."""
