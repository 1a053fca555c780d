"""Pictures and videos as input and output, without ROS."""
