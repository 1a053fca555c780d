"""Judging what hides faces: the share left in clear, on pictures and clips; who is recognized."""
