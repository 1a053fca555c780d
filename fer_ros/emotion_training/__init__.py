"""Training and export of the emotion network. Torch is allowed here."""
