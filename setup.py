"""Build fer_ros with colcon (ament_python) or pip."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = 'fer_ros'
ROOT = Path(__file__).resolve().parent


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """Return data_files entries that install a folder, as it is, below share/fer_ros."""
    files: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder).rglob('*')):
        if path.is_file() and '__pycache__' not in path.parts:
            relative = path.relative_to(ROOT)
            files.setdefault(f'share/{NAME}/{relative.parent}', []).append(str(relative))
    return list(files.items())


NODES = ('emotion_node', 'behavior_node', 'image_source_node', 'bag_player_node',
         'dashboard_node', 'expression_node')

setup(
    name=NAME,
    version='0.1.0',
    description='Facial expression recognition (FER) for robots with ROS 2',
    author='fer_ros maintainers',
    author_email='fer-ros@example.org',
    maintainer='fer_ros maintainers',
    maintainer_email='fer-ros@example.org',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={f'{NAME}.dashboard': ['page/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        *shared('launch'), *shared('config'), *shared('models'), *shared('examples'),
        *shared('worlds'),
    ],
    install_requires=['setuptools'],
    zip_safe=False,
    entry_points={
        'console_scripts': [
            *(f'{node} = {NAME}.nodes.{node}:main' for node in NODES),
            f'{NAME} = {NAME}.cli:main',
        ],
    },
)
