"""The page in the browser: what it shows, how it is served, who may see it. No ROS here."""
