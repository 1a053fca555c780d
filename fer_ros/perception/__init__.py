"""Perception without ROS: detector, classifier, tracker, smoothing and emotion state."""
