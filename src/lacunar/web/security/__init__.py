"""What stands between the network and the pages, each part an ASGI middleware."""
