"""Judging emotion networks: figures, robustness, plots, report."""
