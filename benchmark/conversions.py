"""
Color conversion of image messages: ours beside cv_bridge's, where that is installed.

``python -m benchmark.conversions``
"""

from __future__ import annotations

import argparse
import array
import time

import numpy as np
from sensor_msgs.msg import Image

from fer_ros.nodes.image_conversions import image_to_array

CHANNELS = {'rgb8': 3, 'bgra8': 4, 'yuv422': 2, 'bayer_rggb8': 1}


def message_of(encoding: str) -> Image:
    """Return 640x480 random pixels."""
    step = 640 * CHANNELS[encoding]
    data = np.random.default_rng(0).integers(0, 256, 480 * step, np.uint8)
    return Image(height=480, width=640, encoding=encoding, step=step,
                 data=array.array('B', data.tobytes()))


def main() -> int:
    """Print medians of the processor time, interleaved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=200)
    options = parser.parse_args()
    try:
        from cv_bridge import CvBridge
    except ImportError:
        print('cv_bridge is not here: it comes with a ROS distribution')
        return 1
    bridge = CvBridge()
    for encoding in CHANNELS:
        message = message_of(encoding)
        ways = {'cv_bridge': lambda m=message: bridge.imgmsg_to_cv2(m, 'bgr8'),
                'fer_ros': lambda m=message: image_to_array(m)}
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, convert in ways.items():
                begin = time.process_time()
                convert()
                times[name].append(time.process_time() - begin)
        medians = {name: 1e3 * float(np.median(values)) for name, values in times.items()}
        print(f'{encoding:12}' + ''.join(f'  {k} {v:6.3f} ms' for k, v in medians.items())
              + f'  {medians["cv_bridge"] / medians["fer_ros"]:.2f} times')
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
