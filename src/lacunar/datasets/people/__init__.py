"""Generated pictures of pedestrians with six labels, and faults on purpose."""
