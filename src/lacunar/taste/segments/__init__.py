"""Step 3, cluster: columns into segments, their names, and the placement of users."""
