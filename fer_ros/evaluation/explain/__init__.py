"""Where networks look: activation maps as pictures."""
