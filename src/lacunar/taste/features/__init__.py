"""Step 2, group: ratings into columns per genre and release period, NaN for gaps."""
