"""
Read a Gazebo world strictly and show what its camera would see, without Gazebo.

Only what this package's worlds use of SDF 1.9 is known, so that a name that Gazebo would pass over
in silence is an error. Actors move as gz-common moves them: a cubic between waypoints (tension 1)
and quaternions by squad, which for turns around one axis is a sum of angles.
"""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np

_POSE, _COLOR, _VECTOR, _PAIR = 6, 4, 3, 2
#: element -> its children; a number: so many numbers; bool and str: such a text.
_GEOMETRY = {'mesh': {'uri': str}, 'box': {'size': _VECTOR},
             'cylinder': {'radius': 1, 'length': 1}, 'plane': {'normal': _VECTOR, 'size': _PAIR}}
_MATERIAL = {'ambient': _COLOR, 'diffuse': _COLOR, 'specular': _COLOR, 'pbr': {
    'metal': {'albedo_map': str, 'roughness': 1, 'metalness': 1}}}
_VISUAL = {'@name': str, 'pose': _POSE, 'cast_shadows': bool, 'geometry': _GEOMETRY,
           'material': _MATERIAL}
_CAMERA = {'@name': str, 'horizontal_fov': 1, 'optical_frame_id': str,
           'image': {'width': 1, 'height': 1, 'format': str}, 'clip': {'near': 1, 'far': 1},
           'noise': {'type': str, 'mean': 1, 'stddev': 1}}
_SENSOR = {'@name': str, '@type': str, 'pose': _POSE, 'always_on': bool, 'update_rate': 1,
           'topic': str, 'camera': _CAMERA}
_LINK = {'@name': str, 'visual': _VISUAL, 'sensor': _SENSOR}
_SCRIPT = {'loop': bool, 'auto_start': bool, 'trajectory': {
    '@id': str, '@type': str, '@tension': str, 'waypoint': {'time': 1, 'pose': _POSE}}}
_WORLD = {
    '@name': str,
    'physics': {'@name': str, '@type': str, 'max_step_size': 1, 'real_time_factor': 1},
    'plugin': {'@filename': str, '@name': str, 'render_engine': str},
    'scene': {'ambient': _COLOR, 'background': _COLOR, 'grid': bool},
    'light': {'@name': str, '@type': str, 'pose': _POSE, 'cast_shadows': bool,
              'diffuse': _COLOR, 'specular': _COLOR, 'direction': _VECTOR},
    'model': {'@name': str, 'static': bool, 'link': _LINK},
    'actor': {'@name': str, 'link': _LINK, 'script': _SCRIPT}}
SDF = {'@version': str, 'world': _WORLD}


def check(element, known, where=''):
    """:raises ValueError: if an element, attribute or value is not what SDF wants there."""
    where += f'/{element.tag}'
    if isinstance(known, dict):
        if unknown := [f'@{name}' for name in element.attrib if f'@{name}' not in known] + [
                child.tag for child in element if child.tag not in known]:
            raise ValueError(f'{where}: unknown {unknown[0]}')
        if (element.text or '').strip():
            raise ValueError(f"{where}: text '{element.text.strip()}'")
        names = [child.get('name') for child in element if child.get('name')]
        if len(set(names)) < len(names):
            raise ValueError(f'{where}: two of one name in {names}')
        for child in element:
            check(child, known[child.tag], where)
        return
    if element.attrib or len(element):
        raise ValueError(f'{where}: neither attributes nor children belong here')
    text = (element.text or '').strip()
    if known is bool and text not in ('true', 'false') or known is str and not text:
        raise ValueError(f"{where}: '{text}'")
    if isinstance(known, int) and len(numbers(text)) != known:
        raise ValueError(f"{where}: '{text}' is not {known} numbers")


def numbers(text):
    """Return the numbers in a text."""
    return np.array([float(word) for word in text.split()])


def pose_matrix(values):
    """Return the 4x4 matrix of x, y, z [m] and roll, pitch, yaw [rad], fixed axes."""
    matrix = np.eye(4)
    for axis, angle in zip(((1, 0, 0), (0, 1, 0), (0, 0, 1)), values[3:]):
        turn = np.eye(4)
        turn[:3, :3] = cv2.Rodrigues(np.array(axis, float) * angle)[0]
        matrix = turn @ matrix
    matrix[:3, 3] = values[:3]
    return matrix


class Trajectory:
    """Waypoints of an actor that turns around z only: time -> x, y, z, yaw."""

    def __init__(self, element):
        points = element.findall('waypoint')
        assert element.get('tension') == '1', 'only the cubic without overshoot is known here'
        self.times = np.array([float(p.findtext('time')) for p in points])
        poses = np.array([numbers(p.findtext('pose')) for p in points])
        assert not poses[:, 3:5].any(), 'only turns around z are known here'
        self.places, self.yaws = poses[:, :3], poses[:, 5]
        after, before = np.append(self.yaws[1:], self.yaws[-1]), np.append(
            self.yaws[0], self.yaws[:-1])
        self.tangents = self.yaws - (after + before - 2 * self.yaws) / 4

    def at(self, seconds):
        """Return the pose at a time as a 4x4 matrix."""
        seconds %= self.times[-1]
        i = max(int(np.searchsorted(self.times, seconds, 'right')) - 1, 0)
        u = (seconds - self.times[i]) / (self.times[i + 1] - self.times[i])
        place = self.places[i] + (self.places[i + 1] - self.places[i]) * u * u * (3 - 2 * u)
        straight = (1 - u) * self.yaws[i] + u * self.yaws[i + 1]
        bent = (1 - u) * self.tangents[i] + u * self.tangents[i + 1]
        yaw = straight + 2 * u * (1 - u) * (bent - straight)
        return pose_matrix([*place, 0, 0, yaw])


class Side:
    """One side of a panel: its corners in the actor's frame and its picture."""

    def __init__(self, visual, folder):
        lines = [line.split() for line in (
            folder / visual.findtext('geometry/mesh/uri')).read_text().splitlines()]
        corners = np.array([[float(v) for v in line[1:]] for line in lines if line[:1] == ['v']])
        texture = np.array([[float(v) for v in line[1:]] for line in lines if line[:1] == ['vt']])
        pose = pose_matrix(numbers(visual.findtext('pose') or '0 0 0 0 0 0'))
        self.corners = np.hstack([corners, np.ones((4, 1))]) @ pose.T
        self.picture = cv2.imread(
            str(folder / visual.findtext('material/pbr/metal/albedo_map')))
        height, width = self.picture.shape[:2]
        self.pixels = np.float32([(u * width, (1 - v) * height) for u, v in texture])


class World:
    """
    A world with one camera, whose people are actors.

    :param file: the SDF file.
    :raises ValueError: if it is not as SDF wants it.
    """

    def __init__(self, file):
        self.folder = Path(file).parent
        self.root = ElementTree.parse(file).getroot()
        check(self.root, SDF)
        [sensor] = self.root.findall('.//sensor')
        self.pose = pose_matrix(numbers(sensor.findtext('pose')))
        self.topic = sensor.findtext('topic')
        self.width, self.height = (int(sensor.findtext(f'camera/image/{side}'))
                                   for side in ('width', 'height'))
        self.focal = self.width / 2 / np.tan(float(sensor.findtext('camera/horizontal_fov')) / 2)
        self.people = [(Trajectory(actor.find('script/trajectory')), [
            Side(visual, self.folder) for visual in actor.findall('link/visual')
            if visual.find('geometry/mesh') is not None]) for actor in self.root.iter('actor')]

    def files(self):
        """Return every file that the world names, and each mesh's materials."""
        named = [self.folder / element.text for tag in ('uri', 'albedo_map')
                 for element in self.root.iter(tag)]
        return named + [file.parent / line.split()[1] for file in named if file.suffix == '.obj'
                        for line in file.read_text().splitlines() if line.startswith('mtllib')]

    def seen(self, seconds):
        """Return what the camera sees at a time: uint8 (H, W, 3) BGR, lit evenly."""
        frame = np.full((self.height, self.width, 3), 165, np.uint8)
        to_camera = np.linalg.inv(self.pose)
        sides = [(to_camera @ trajectory.at(seconds) @ side.corners.T, side)
                 for trajectory, pair in self.people for side in pair]
        for corners, side in sorted(sides, key=lambda pair: -pair[0][0].mean()):
            # x forward, y left, z up; a side is seen from its front only.
            first, second = corners[:3, 1] - corners[:3, 0], corners[:3, 3] - corners[:3, 0]
            if np.cross(first, second) @ corners[:3, 0] >= 0 or corners[0].min() < 0.1:
                continue
            places = np.float32([(self.width / 2 - self.focal * y / x,
                                  self.height / 2 - self.focal * z / x)
                                 for x, y, z, _ in corners.T])
            matrix = cv2.getPerspectiveTransform(side.pixels, places)
            cv2.warpPerspective(side.picture, matrix, (self.width, self.height), dst=frame,
                                flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT)
        return frame
