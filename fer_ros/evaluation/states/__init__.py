"""Judging ways from probabilities to an emotion state."""
