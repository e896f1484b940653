"""Where data comes from: generated samples and public data sets."""
