"""Facial expression recognition for robots: faces in, emotions and a dialog tone out."""

__version__ = '0.1.0'
