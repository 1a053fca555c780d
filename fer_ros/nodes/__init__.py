"""The ROS 2 nodes; every ROS import of the package lives here."""
