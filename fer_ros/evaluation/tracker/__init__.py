"""Judging the face tracker: scenes with known truth, identity scores."""
