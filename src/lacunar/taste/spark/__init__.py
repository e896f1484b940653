"""Tastes of logs larger than a machine: the same steps as beside it, on Spark's partitions."""
