"""Step 5, evaluate: metrics, intervals, operating points."""
