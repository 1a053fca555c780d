"""Judging face detectors: recall, conditions, false faces, plots."""
