"""Judging detector and emotion network end to end."""
