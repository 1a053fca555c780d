"""What hides faces: all of them, whatever is analyzed; turned, half covered, small, held."""

import cv2
import numpy as np
import pytest

from fer_ros.evaluation.privacy.conditions import ShownPicture, shown_boxes
from fer_ros.evaluation.privacy.metrics import hidden_faces, hidden_pixels
from fer_ros.perception.concealment import (
    Concealment,
    ConcealmentConfig,
    load_concealment,
    turned_picture,
)
from fer_ros.perception.types import BoundingBox, Detection

#: The astronaut's face in her picture [px].
FACE = (182, 62, 92, 115)


@pytest.fixture
def concealment():
    """Return one that holds nothing yet."""
    return load_concealment()


def share_hidden(places, picture):
    """Return which share of each face is hidden."""
    return hidden_faces(hidden_pixels(picture.image.shape, places), picture.faces).hidden


def portrait(astronaut):
    """Return the picture and where its face is."""
    return ShownPicture(astronaut, shown_boxes(np.array([FACE])))


def turned(picture, degrees):
    """Return the picture turned."""
    image, matrix = turned_picture(picture.image, degrees, border=127)
    return ShownPicture(image, picture.faces @ matrix[:, :2].T + matrix[:, 2])


@pytest.mark.parametrize('degrees', [0, 30, 60, 75, 90, 105, 120, 180, 270])
def test_who_lies_down_is_hidden(concealment, astronaut, degrees):
    """In whatever direction the head points."""
    picture = turned(portrait(astronaut), degrees)
    assert share_hidden(concealment.places(picture.image, 0.0), picture)[0] > 0.9


@pytest.mark.parametrize('part', [slice(62, 120), slice(125, 180)])
@pytest.mark.parametrize('degrees', [0, 90])
def test_who_is_half_covered_is_hidden(concealment, astronaut, part, degrees):
    """The upper or the lower half of the face behind gray, upright and lying."""
    image = astronaut.copy()
    image[part, 175:280] = 128
    picture = turned(portrait(image), degrees)
    assert share_hidden(concealment.places(picture.image, 0.0), picture)[0] > 0.9


@pytest.mark.parametrize('size', [14, 24, 100])
def test_every_size_is_hidden(concealment, astronaut, size):
    """Also faces that are too small to be analyzed."""
    scale = size / 103
    image = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = ShownPicture(image, shown_boxes(np.array([FACE]) * scale))
    assert share_hidden(concealment.places(image, 0.0), picture)[0] > 0.9


@pytest.mark.parametrize('size', [16, 103])
@pytest.mark.parametrize('side', ['left', 'right', 'top', 'bottom'])
def test_who_is_cut_off_by_the_border_is_hidden(concealment, astronaut, side, size):
    """Half a face is enough to know somebody."""
    scale = size / 103
    image = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    face = np.array(FACE) * scale
    x, y = int(face[0] + face[2] / 2), int(face[1] + face[3] / 2)
    left, top = (x if side == 'left' else 0), (y if side == 'top' else 0)
    image = np.ascontiguousarray(image[
        top:y if side == 'bottom' else None, left:x if side == 'right' else None])
    picture = ShownPicture(image, shown_boxes(face[None] - (left, top, 0, 0)))
    assert share_hidden(concealment.places(image, 0.0), picture)[0] > 0.9


def test_everybody_is_hidden(concealment, astronaut, hopper):
    """Not the largest only."""
    image = np.zeros((700, 1200, 3), np.uint8)
    image[:512, :512] = astronaut
    image[:600, 512:1024] = hopper
    image[520:648, :128] = cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA)
    faces = np.array([FACE, (512 + 190, 90, 160, 220), (182 / 4, 520 + 62 / 4, 23, 29)])
    assert share_hidden(concealment.places(image, 0.0),
                        ShownPicture(image, shown_boxes(faces))).min() > 0.9


@pytest.mark.parametrize('image', [
    np.zeros((1, 1), np.uint8), np.zeros((480, 640, 3), np.uint8), np.zeros((3, 2000), np.uint8)])
def test_nothing_to_hide(concealment, image):
    """Empty and odd pictures are searched like any other."""
    assert concealment.places(image, 0.0) == []


class Scripted:
    """A detector that finds what it is told; only its misses are its own."""

    def __init__(self, *found):
        self.found = list(found)

    def detect(self, image):
        """Return what comes next."""
        return self.found.pop(0)


def scripted(*found):
    """Return one that looks once a picture and finds that."""
    return Concealment(Scripted(*found), ConcealmentConfig(looks=((0.0, 1.0, 0),)))


def test_a_place_is_held_and_grows():
    """Who is missed for a moment is hidden where he was, with more and more around."""
    image, box = np.zeros((480, 640), np.uint8), BoundingBox(100.0, 100.0, 40.0, 50.0)
    concealment = scripted([Detection(box, 0.9)], *[[]] * 60)
    assert concealment.places(image, 0.0) == [box]
    sizes = []
    for i in range(1, 60):
        places = concealment.places(image, i / 30)
        sizes.append(sum(place.size for place in places))
        if i / 30 <= concealment.config.hold:
            assert len(places) == 1 and places[0].x <= 100.0 and places[0].y <= 100.0
            assert places[0].x + places[0].width >= 140.0
    held = [size for size in sizes if size]
    assert held == sorted(held) and held[-1] > 1.5 * box.size
    assert sizes[-1] == 0.0


def test_who_walks_on_unseen_is_hidden():
    """A face that moves and is missed is hidden where it goes."""
    image = np.zeros((480, 640), np.uint8)
    seen = [[Detection(BoundingBox(100.0 + 4 * i, 100.0, 40.0, 50.0), 0.9)] for i in range(15)]
    concealment = scripted(*seen, *[[]] * 8)
    for i in range(15):
        concealment.places(image, i / 30)
    for i in range(15, 23):
        places = concealment.places(image, i / 30)
        mask = hidden_pixels((480, 640), places)
        assert mask[100:150, 100 + 4 * i:140 + 4 * i].mean() > 0.9


def test_a_jump_back_forgets():
    """A bag that loops: what was held belongs to its end."""
    image, box = np.zeros((48, 64), np.uint8), BoundingBox(10.0, 10.0, 20.0, 20.0)
    concealment = scripted([Detection(box, 0.9)], [])
    concealment.places(image, 5.0)
    assert concealment.places(image, 1.0) == []
