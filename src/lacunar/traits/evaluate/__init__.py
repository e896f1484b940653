"""Step 5, evaluate: metrics, confidence intervals, operating points."""
