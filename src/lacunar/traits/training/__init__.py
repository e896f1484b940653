"""Step 3, train: the loop, augmentation, several processes."""
