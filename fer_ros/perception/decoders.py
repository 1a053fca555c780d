"""The families of detectors that we know, by the name that a model card gives them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer_ros.perception.anchor_decoding import decode_retinaface, decode_scrfd
from fer_ros.perception.detection_decoding import Candidates, decode_maps, decode_rfb, decode_yunet

#: the card's ``decoder`` -> function of outputs, width, height and score threshold.
DECODE: dict[str, Callable[[dict[str, np.ndarray], int, int, float], Candidates]] = {
    'maps': decode_maps, 'yunet': decode_yunet, 'rfb': decode_rfb, 'scrfd': decode_scrfd,
    'retinaface': decode_retinaface}
