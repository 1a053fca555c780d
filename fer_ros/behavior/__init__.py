"""Behavior without ROS: from emotion states to a dialog tone."""
