"""Generated pictures of pedestrians with six labels, and optional planted faults."""
