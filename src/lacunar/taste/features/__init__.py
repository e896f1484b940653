"""Step 2, group: ratings to columns per genre and release period, NaN for gaps."""
