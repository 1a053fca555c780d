"""How good everything is, one folder for each thing that is judged. No ROS, no torch."""
