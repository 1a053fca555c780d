"""Facial expression recognition for robots: faces in, emotions and a dialog tone out."""

import os

__version__ = '0.1.0'

# From 1.29 on, onnxruntime on Linux writes a device id below ~/.cache and sends events about the
# models to its maker, unless this is set before it is loaded. A robot's camera node does neither.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
