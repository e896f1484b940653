"""Step 4, calibrate: temperatures, reliability, abstention."""
