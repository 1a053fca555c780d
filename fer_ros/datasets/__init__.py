"""Sets of face pictures: reading, checking, drawing. No ROS, no torch."""
