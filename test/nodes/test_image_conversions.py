"""Every encoding against a slow reference, and cv_bridge where it works; every fault by name."""

import array

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from sensor_msgs.msg import CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header  # noqa: E402

from fer_ros.nodes.image_conversions import (  # noqa: E402
    ImageError,
    array_to_compressed,
    array_to_image,
    compressed_to_array,
    depth_to_array,
    image_to_array,
)

WIDTH, HEIGHT = 6, 4
CHANNELS = {'mono8': 1, '8UC1': 1, 'bgr8': 3, '8UC3': 3, 'rgb8': 3, 'bgra8': 4, '8UC4': 4,
            'rgba8': 4, 'bayer_rggb8': 1, 'bayer_bggr8': 1, 'bayer_gbrg8': 1, 'bayer_grbg8': 1,
            'yuv422': 2, 'uyvy': 2, 'yuv422_yuy2': 2, 'yuyv': 2}
#: What the bridges of Humble, Iron, Jazzy, Kilted and Rolling cannot read as gray or BGR (their
#: cv_bridge.cpp is the same in this); every webcam sends the first.
UNKNOWN_TO_CV_BRIDGE = ('yuyv', 'uyvy', '8UC4')
#: Where B, G and R lie in a pixel.
ORDER = {'bgr8': (0, 1, 2), '8UC3': (0, 1, 2), 'rgb8': (2, 1, 0), 'bgra8': (0, 1, 2),
         '8UC4': (0, 1, 2), 'rgba8': (2, 1, 0)}


def message_of(pixels, encoding, padding=0, big=False):
    """Build a message byte by byte, rows padded with 255."""
    height, width = pixels.shape[:2]
    rows = [row.tobytes() + b'\xff' * padding for row in pixels]
    return Image(height=height, width=width, encoding=encoding, is_bigendian=int(big),
                 step=len(rows[0]), data=b''.join(rows))


def random_pixels(encoding, dtype=np.uint8):
    """Return random pixels of an encoding."""
    channels = CHANNELS.get(encoding, 1)
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    return np.random.default_rng(5).integers(0, np.iinfo(dtype).max, shape).astype(dtype)


def slow_reference(pixels, encoding):
    """Convert pixel by pixel what can be written down in a line."""
    if encoding in ('mono8', '8UC1'):
        return pixels
    if encoding in ORDER:
        return np.stack([pixels[..., k] for k in ORDER[encoding]], -1)
    if encoding.startswith('bayer'):
        return None
    first, luma = (0, 1) if encoding in ('yuv422', 'uyvy') else (1, 0)
    result = np.zeros((HEIGHT, WIDTH, 3))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            even = x - x % 2
            u = pixels[y, even, first] - 128.0
            v = pixels[y, even + 1, first] - 128.0
            c = 1.164 * max(pixels[y, x, luma] - 16.0, 0.0)
            result[y, x] = c + 2.018 * u, c - 0.391 * u - 0.813 * v, c + 1.596 * v
    return np.clip(np.round(result), 0, 255)


@pytest.mark.parametrize('padding', [0, 1, 10])
@pytest.mark.parametrize('encoding', list(CHANNELS))
def test_every_encoding(encoding, padding):
    """Padded rows too; YUV within rounding of the fixed-point arithmetic."""
    pixels = random_pixels(encoding)
    result = image_to_array(message_of(pixels, encoding, padding))
    assert result.dtype == np.uint8
    reference = slow_reference(pixels, encoding)
    if reference is None:
        assert result.shape == (HEIGHT, WIDTH, 3)
    else:
        assert np.abs(result.astype(int) - reference).max() <= (CHANNELS[encoding] == 2)


@pytest.mark.parametrize('encoding, red_at', [
    ('bayer_rggb8', (0, 0)), ('bayer_bggr8', (1, 1)), ('bayer_gbrg8', (1, 0)),
    ('bayer_grbg8', (0, 1))])
def test_bayer_patterns_find_red(encoding, red_at):
    """A scene of pure red lights the red sites only; the middle must come out red."""
    pixels = np.zeros((8, 8), np.uint8)
    pixels[red_at[0]::2, red_at[1]::2] = 200
    blue, _, red = image_to_array(message_of(pixels, encoding))[4, 4]
    assert red == 200
    assert blue == 0


@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize('encoding', ['mono16', '16UC1'])
def test_16_bit_keeps_the_upper_byte(encoding, big):
    """In both byte orders."""
    pixels = random_pixels(encoding, np.uint16)
    message = message_of(pixels.astype('>u2' if big else '<u2'), encoding, 4, big)
    np.testing.assert_array_equal(image_to_array(message), pixels >> 8)


@pytest.fixture(scope='session')
def bridge():
    """Return the distribution's ``CvBridge``; skips where there is none, or a broken one."""
    try:
        from cv_bridge import CvBridge
        bridge = CvBridge()
        bridge.cv2_to_imgmsg(np.zeros((2, 2, 3), np.uint8), 'bgr8')
    except Exception:  # ImportError, or AttributeError and worse from another NumPy's ABI
        pytest.skip('no working cv_bridge here: it comes with a distribution')
    return bridge


@pytest.mark.parametrize('encoding', list(CHANNELS))
def test_cv_bridge_gives_the_same_bytes(bridge, encoding):
    """The yardstick for what it knows; what it does not know is named here."""
    message = message_of(random_pixels(encoding), encoding)
    mine = image_to_array(message)
    target = 'mono8' if mine.ndim == 2 else 'bgr8'
    if encoding in ('8UC1', '8UC3'):
        target = 'passthrough'  # to the bridge they are numbers, not colors
    if encoding in UNKNOWN_TO_CV_BRIDGE:
        with pytest.raises(Exception, match='encoding|conversion|color'):
            bridge.imgmsg_to_cv2(message, target)
    else:
        np.testing.assert_array_equal(mine, bridge.imgmsg_to_cv2(message, target))


def test_what_needs_no_conversion_is_a_view():
    """No copy of a camera's image, and nobody writes into the message."""
    message = array_to_image(np.zeros((480, 640, 3), np.uint8), Header())
    view = image_to_array(message)
    assert np.shares_memory(view, np.frombuffer(message.data, np.uint8))
    assert not view.flags.writeable


def test_payload_is_an_array():
    """The peers' defect: bytes are checked one by one by rclpy, an array.array is not."""
    assert isinstance(array_to_image(np.zeros((2, 2), np.uint8), Header())._data, array.array)


@pytest.mark.parametrize('change, kind, value', [
    ({'encoding': 'purple8'}, 'encoding', 'purple8'), ({'encoding': ''}, 'encoding', "''"),
    ({'width': 0}, 'size', '0x4'), ({'height': 0}, 'size', '6x0'),
    ({'width': 4_000_000_000}, 'size', '4000000000'), ({'step': 5}, 'step', '5'),
    ({'step': 0}, 'step', '0'), ({'step': 4_000_000_000}, 'data', '72 bytes'),
    ({'data': b''}, 'data', '0 bytes'), ({'data': bytes(71)}, 'data', '71 bytes')])
def test_every_fault_is_named(change, kind, value):
    """Kind for the log, offending value for the reader."""
    message = message_of(random_pixels('bgr8'), 'bgr8')
    for key, new in change.items():
        setattr(message, key, new)
    with pytest.raises(ImageError, match=value) as caught:
        image_to_array(message)
    assert caught.value.kind == kind


def test_more_data_than_needed_is_left_alone():
    """A padded buffer, and a single row whose step means nothing."""
    pixels = random_pixels('bgr8')
    message = message_of(pixels, 'bgr8')
    message.data.frombytes(bytes(100_000))
    np.testing.assert_array_equal(image_to_array(message), pixels)
    row = message_of(pixels[:1], 'bgr8')
    row.step = 2 ** 32 - 1
    np.testing.assert_array_equal(image_to_array(row), pixels[:1])


@pytest.mark.parametrize('encoding', ['mono8', 'bgra8', 'mono16'])
@pytest.mark.parametrize('width, height', [
    (2 ** 16, 2 ** 16), (2 ** 32 - 1, 2 ** 32 - 1), (2 ** 31, 2), (32769, 1), (1, 32769)])
def test_sizes_whose_product_overflows(encoding, width, height):
    """Nothing is multiplied in 32 bits."""
    message = Image(width=width, height=height, encoding=encoding, step=0, data=bytes(64))
    with pytest.raises(ImageError, match=f'{width}x{height}'):
        image_to_array(message)


@pytest.mark.parametrize('encoding, shape', [('yuyv', (4, 5, 2)), ('bayer_rggb8', (1, 6))])
def test_sizes_that_a_pattern_cannot_have(encoding, shape):
    """Odd widths of YUV, a Bayer image of one row."""
    with pytest.raises(ImageError, match='needs'):
        image_to_array(message_of(np.zeros(shape, np.uint8), encoding))


@pytest.mark.parametrize('format', ['jpeg', 'png'])
def test_compressed_round_trip(format, astronaut):
    """Color and gray come back; PNG to the byte."""
    for picture in (astronaut, np.ascontiguousarray(astronaut[..., 1])):
        result = compressed_to_array(array_to_compressed(picture, Header(), format, 95))
        assert result.shape == picture.shape
        assert np.abs(result.astype(int) - picture).mean() < (4 if format == 'jpeg' else 1e-9)


@pytest.mark.parametrize('format', ['jpeg', 'png'])
@pytest.mark.parametrize('keep', [0.1, 0.5, 0.95])
def test_truncated_pictures_are_errors(format, keep, astronaut):
    """OpenCV would fill the rest of a JPEG with gray and say nothing."""
    message = array_to_compressed(astronaut, Header(), format)
    message.data = message.data[:int(len(message.data) * keep)]
    with pytest.raises(ImageError, match='cut off'):
        compressed_to_array(message)


@pytest.mark.parametrize('format', [
    'jpeg', 'rgb8; jpeg compressed bgr8', 'bgr8; png compressed', ''])
def test_format_is_what_the_data_is(format, astronaut):
    """As compressed_image_transport writes it, or wrong, or empty."""
    message = array_to_compressed(astronaut, Header())
    message.format = format
    assert compressed_to_array(message).shape == astronaut.shape


@pytest.mark.parametrize('format', ['16UC1; compressedDepth png', '32FC1; compressedDepth'])
def test_compressed_depth_is_refused_by_name(format):
    """Its data begins with a header of its own."""
    with pytest.raises(ImageError, match='compressedDepth.*is a depth image') as caught:
        compressed_to_array(CompressedImage(format=format, data=bytes(12) + b'\x89PNG'))
    assert caught.value.kind == 'format'


@pytest.mark.parametrize('extra', [1, 31, 4096, 1 << 20])
@pytest.mark.parametrize('format', ['jpeg', 'png'])
def test_padded_buffers_are_complete(format, extra, astronaut):
    """Drivers send their buffer as it is, with what is left of it."""
    message = array_to_compressed(astronaut, Header(), format)
    expected = compressed_to_array(message)
    message.data.frombytes(bytes(extra))
    np.testing.assert_array_equal(compressed_to_array(message), expected)


@pytest.mark.parametrize('data, kind', [
    (b'', 'empty'), (b'x', 'decode'), (b'garbage' * 100, 'decode'),
    (b'\xff\xd8' + b'\0' * 50 + b'\xff\xd9', 'decode')])
def test_garbage_is_named(data, kind):
    """Nothing, noise, and a JPEG's ends with nothing between."""
    with pytest.raises(ImageError) as caught:
        compressed_to_array(CompressedImage(format='jpeg', data=data))
    assert caught.value.kind == kind


def test_depth():
    """Millimeters and meters; 0, NaN and inf are unknown."""
    millimeters = np.array([[0, 1500], [65535, 1]], '<u2')
    np.testing.assert_allclose(depth_to_array(message_of(millimeters, '16UC1')),
                               [[np.nan, 1.5], [65.535, 0.001]], rtol=1e-6)
    meters = np.array([[np.nan, 1.5], [np.inf, -1.0]], '<f4')
    np.testing.assert_allclose(depth_to_array(message_of(meters, '32FC1')),
                               [[np.nan, 1.5], [np.nan, np.nan]])
    with pytest.raises(ImageError, match="'mono8'"):
        depth_to_array(message_of(np.zeros((2, 2), np.uint8), 'mono8'))


def test_array_to_image_refuses_what_does_not_fit():
    """Another dtype, another number of channels."""
    for picture, encoding in ((np.zeros((2, 2), np.float32), None),
                              (np.zeros((2, 2, 4), np.uint8), 'bgr8'),
                              (np.zeros((2, 2), np.uint8), 'bgr8')):
        with pytest.raises(ValueError, match='does not fit'):
            array_to_image(picture, Header(), encoding)


def test_opencv_reads_what_we_write(astronaut):
    """The compressed picture is a plain JPEG."""
    data = np.frombuffer(array_to_compressed(astronaut, Header()).data, np.uint8)
    assert cv2.imdecode(data, cv2.IMREAD_COLOR).shape == astronaut.shape
