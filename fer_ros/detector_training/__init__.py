"""Training and export of the face detector. Torch is allowed here."""
