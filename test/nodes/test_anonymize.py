"""`anonymize` in a real node: every face, every picture, from the very answer to the switch on."""

import threading

import cv2
import numpy as np
import pytest

rclpy = pytest.importorskip('rclpy')

from emotion_rig import Rig  # noqa: E402
from helpers import differences, ros, spinning, wait_for  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import CompressedImage, Image  # noqa: E402

from fer_ros.nodes.emotion_worker import EmotionWorker  # noqa: E402
from fer_ros.nodes.image_conversions import compressed_to_array, image_to_array  # noqa: E402
from fer_ros.nodes.qos import image_qos  # noqa: E402
from fer_ros.perception import concealment  # noqa: E402
from fer_ros.perception.model_card import ModelCardError  # noqa: E402

#: The astronaut's face in her picture: rows and columns.
FACE = slice(66, 174), slice(186, 270)


class Viewer:
    """A Rig of which somebody watches both pictures."""

    def __init__(self, **parameters):
        self.rig = Rig(**parameters)
        self._raw, self._compressed = [], []
        self.rig.peer.create_subscription(Image, 'emotions/image', self._raw.append, image_qos())
        self.rig.peer.create_subscription(CompressedImage, 'emotions/image/compressed',
                                          self._compressed.append, image_qos())

    def ready(self):
        """Wait until everybody has found everybody."""
        self.rig.ready()
        outputs = self.rig.node._outputs[0]
        assert wait_for(lambda: outputs.raw.get_subscription_count()
                        and outputs.compressed.get_subscription_count())

    def pictures(self, count=1):
        """Return what has arrived, at least so many of each kind."""
        assert wait_for(lambda: min(len(self._raw), len(self._compressed)) >= count)
        return ([image_to_array(m) for m in self._raw]
                + [compressed_to_array(m) for m in self._compressed])

    def arrived(self, count):
        """Return whether so many raw pictures arrive in time."""
        return wait_for(lambda: len(self._raw) >= count)


def shows(picture, original, rows, columns):
    """Return whether the details of a place are to be seen: edges where the original's are."""
    first, second = (cv2.Laplacian(cv2.cvtColor(
        np.ascontiguousarray(image[rows, columns]), cv2.COLOR_BGR2GRAY), cv2.CV_64F).ravel()
        for image in (picture, original))
    return np.corrcoef(first, second)[0, 1] > 0.5


@pytest.fixture(scope='module')
def couple(astronaut):
    """Return the astronaut, and once more at half the size beside her; and both faces."""
    image = np.full((512, 768, 3), 90, np.uint8)
    image[:, :512] = astronaut
    image[:256, 512:] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    return image, (FACE, (slice(33, 87), slice(512 + 93, 512 + 135)))


def test_details_are_told_from_a_mosaic(couple):
    """The measure of these tests sees what is in clear."""
    image, faces = couple
    noisy = cv2.imdecode(cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1)
    assert all(shows(noisy, image, *face) for face in faces)


@pytest.mark.parametrize('parameters', [
    {'max_faces': 1}, {'min_face_size': 200.0},
    {'detection_threshold': 0.99, 'new_face_threshold': 0.99}, {'detector_input': 64}])
def test_whom_nobody_analyzes_is_hidden(parameters, couple):
    """What is analyzed is a matter of cost, what is hidden of people."""
    image, faces = couple
    with ros():
        viewer = Viewer(anonymize=True, overlay='none', **parameters)
        with spinning(viewer.rig.node, viewer.rig.peer):
            viewer.ready()
            for i in range(3):
                answer = viewer.rig.send(image, 1 + i / 30)
            pictures = viewer.pictures(2)
    assert len(answer.emotions) < 2
    assert not any(shows(picture, image, *face) for picture in pictures for face in faces)


def test_who_lies_down_is_hidden(astronaut):
    """The first picture too."""
    image = np.ascontiguousarray(np.rot90(astronaut))
    with ros():
        viewer = Viewer(anonymize=True, overlay='none')
        with spinning(viewer.rig.node, viewer.rig.peer):
            viewer.ready()
            viewer.rig.send(image, 1)
            pictures = viewer.pictures()
    rows, columns = FACE
    lying = slice(512 - columns.stop, 512 - columns.start), rows
    assert not any(shows(picture, image, *lying) for picture in pictures)


def test_who_moves_between_two_looks_is_hidden(astronaut):
    """With detector_interval the analysis looks at each fifth frame; what hides at every one."""
    with ros():
        viewer = Viewer(anonymize=True, overlay='none', detector_interval=5, max_age=0.0)
        with spinning(viewer.rig.node, viewer.rig.peer):
            viewer.ready()
            for i in range(10):
                shift = 220 * (i % 2)
                image = np.ascontiguousarray(np.roll(astronaut, shift, 1))
                viewer.rig.send(image, 1 + i / 30)
                assert viewer.arrived(i + 1)
                columns = slice(FACE[1].start + shift, FACE[1].stop + shift)
                assert not shows(viewer.pictures()[i], image, FACE[0], columns), i


def test_the_answer_to_the_switch_waits_for_the_picture_in_work(astronaut):
    """A picture in clear cannot be published once the switch is answered with yes."""
    with ros():
        viewer = Viewer(overlay='none')
        node, order = viewer.rig.node, []
        with spinning(node, viewer.rig.peer):
            viewer.ready()
            in_work, go_on = threading.Event(), threading.Event()
            publish = node._outputs[0].raw.publish

            def slow(message):
                """Hold the picture that is drawn, about to be published."""
                in_work.set()
                assert go_on.wait(10)
                order.append('clear' if shows(image_to_array(message), astronaut, *FACE)
                             else 'hidden')
                publish(message)

            node._outputs[0].raw.publish = slow

            def switch():
                """Set the parameter as a service call would, in another thread."""
                assert node.set_parameters([Parameter('anonymize', value=True)])[0].successful
                order.append('answered')

            viewer.rig.send(astronaut, 1)
            assert in_work.wait(10)
            thread = threading.Thread(target=switch)
            thread.start()
            thread.join(0.5)
            go_on.set()
            thread.join(10)
            for i in range(3):
                viewer.rig.send(astronaut, 2 + i / 30)
            assert wait_for(lambda: len(order) >= 5)
    assert order[:2] == ['clear', 'answered'] and set(order[2:]) == {'hidden'}


def test_a_picture_analyzed_before_the_switch_and_drawn_after_it_is_hidden(
        astronaut, monkeypatch):
    """The parameter counts when the picture is drawn, not when the frame came."""
    with ros():
        viewer = Viewer(overlay='none')
        node = viewer.rig.node
        places, asked = EmotionWorker._places, []

        def switched(self, *arguments):
            """Switch on between analysis and drawing."""
            if not asked:
                asked.append(node.set_parameters([Parameter('anonymize', value=True)])[0])
            return places(self, *arguments)

        monkeypatch.setattr(EmotionWorker, '_places', switched)
        with spinning(node, viewer.rig.peer):
            viewer.ready()
            viewer.rig.send(astronaut, 1)
            pictures = viewer.pictures()
    assert asked[0].successful
    assert not any(shows(picture, astronaut, *FACE) for picture in pictures)


def test_switching_under_load_never_shows_anybody(astronaut):
    """On and off again while images come: what follows an answer is as it says."""
    small = np.ascontiguousarray(astronaut[:256, 100:356])
    face = FACE[0], slice(FACE[1].start - 100, FACE[1].stop - 100)
    with ros():
        viewer = Viewer(overlay='none')
        node, wrong, seen = viewer.rig.node, [], []
        hidden = threading.Event()
        publish = node._outputs[0].raw.publish

        def watched(message):
            """Judge each picture by what was answered before it was published."""
            must = hidden.is_set()
            clear = shows(image_to_array(message), small, *face)
            seen.append(clear)
            wrong.extend([message] * (must and clear))
            publish(message)

        node._outputs[0].raw.publish = watched
        with spinning(node, viewer.rig.peer):
            viewer.ready()
            stop = threading.Event()

            def stream():
                """Send as fast as it is answered."""
                count = 0
                while not stop.is_set():
                    viewer.rig.send(small, 1 + count / 30)
                    count += 1

            def three_more():
                """Wait for three more pictures."""
                count = len(seen) + 3
                return wait_for(lambda: len(seen) >= count)

            camera = threading.Thread(target=stream)
            camera.start()
            for i in range(16):
                on = i % 2 == 0
                if not on:
                    hidden.clear()
                assert node.set_parameters([Parameter('anonymize', value=on)])[0].successful
                if on:
                    hidden.set()
                assert three_more()
            stop.set()
            camera.join(10)
    assert True in seen and False in seen and not wrong


@pytest.mark.parametrize('broken', ['pipeline', 'concealment'])
def test_what_fails_is_not_shown(broken, astronaut, monkeypatch):
    """A frame that could not be searched is no frame without faces."""
    def fail(*arguments):
        raise RuntimeError('no memory')

    with ros():
        viewer = Viewer(anonymize=True, overlay='none')
        node = viewer.rig.node
        if broken == 'pipeline':
            monkeypatch.setattr(node.worker.pipeline, 'process', fail)
        else:
            monkeypatch.setattr(concealment.Concealment, 'places', fail)
        with spinning(node, viewer.rig.peer):
            viewer.ready()
            viewer.rig.offer(astronaut, 1)
            assert wait_for(lambda: node.faults.count)
            monkeypatch.undo()
            viewer.rig.send(astronaut, 3)
            pictures = viewer.pictures()
    assert len(pictures) == 2
    assert not any(shows(picture, astronaut, *FACE) for picture in pictures)


def test_a_switch_that_cannot_be_kept_is_refused(astronaut, monkeypatch):
    """Without the network that finds faces nothing changes, and the answer says why."""
    def fail(*arguments, **named):
        raise ModelCardError("'face_detector.onnx' is not there")

    with ros():
        rig = Rig()
        monkeypatch.setattr(concealment, 'load_face_detector', fail)
        with spinning(rig.node, rig.peer):
            rig.ready()
            answer = rig.node.set_parameters([Parameter('anonymize', value=True)])[0]
            assert not answer.successful and 'is not there' in answer.reason
            assert not rig.node.get_parameter('anonymize').value
            assert not rig.node.config['anonymize']
            rig.send(astronaut, 1)


def test_nothing_more_is_analyzed_with_it(couple):
    """What is hidden changes no answer."""
    answers = []
    for hides in (False, True):
        with ros():
            viewer = Viewer(anonymize=hides, max_faces=1)
            with spinning(viewer.rig.node, viewer.rig.peer):
                viewer.ready()
                for i in range(4):
                    answer = viewer.rig.send(couple[0], 1 + i / 30)
        answer.processing_time = 0.0
        answers.append(answer)
    assert not differences(*answers)
