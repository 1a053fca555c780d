"""Still pictures: their faces as reports that people and programs read; no ROS."""
