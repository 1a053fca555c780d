"""Frames to the page in one process: people, tone, conditions, and what is clicked."""

import asyncio

import cv2
import numpy as np
import pytest

from fer_ros.behavior.policy_file import load_policy
from fer_ros.commands.viewing import Viewing
from fer_ros.dashboard.live_feed import LiveFeed, Version
from fer_ros.perception.pipeline import PipelineConfig, build_pipeline
from fer_ros.resources import resource_path


@pytest.fixture
def viewing():
    """Return a viewing with its feed, which is watched."""
    feed = LiveFeed()
    asyncio.run(take(feed))
    return Viewing(build_pipeline(PipelineConfig()),
                   load_policy(resource_path('config/behavior.yaml')), feed, 'test'), feed


async def take(feed):
    """Take what is new, as a viewer does: then the feed is watched."""
    feed.attach()
    feed.add_picture(b'first')
    await feed.newer_than(Version())


def show(viewing, picture, seconds, start=0.0):
    """Show a picture for a while at 10 Hz."""
    for index in range(round(seconds * 10)):
        viewing.take(picture, start + index / 10)


def act(viewing, name, value):
    """Click."""
    return asyncio.run(viewing.apply(name, value))


def picture_of(feed):
    """Return what is shown: uint8 (H, W, 3)."""
    return cv2.imdecode(np.frombuffer(feed._picture, np.uint8), cv2.IMREAD_COLOR)


def test_people_tone_and_conditions(viewing, astronaut):
    """As the nodes tell them."""
    viewing, feed = viewing
    show(viewing, astronaut, 2.0)
    state = feed._state()
    [person] = state['people']
    assert person['label'] == 'happy' and person['probabilities'][1] > 0.7
    assert 0.3 < person['box'][0] < 0.5 and state['size'] == (512, 512)
    assert state['tone']['name'] == 'cheerful' and 'happy' in state['tone']['reason']
    assert state['conditions'][0]['level'] == 'ok'
    assert feed._time_line()['people'][0]['spans'][-1][2] == 'happy'
    assert picture_of(feed).shape == (512, 512, 3)
    viewing.end('over')
    assert feed._state()['conditions'][0]['text'] == 'over'


def test_hidden_and_not_looked_at(viewing, astronaut):
    """Faces are hidden in the picture whether or not they are looked for."""
    viewing, feed = viewing
    show(viewing, astronaut, 0.5)
    plain = picture_of(feed)
    assert act(viewing, 'anonymize', True).success and feed.settings.anonymize
    show(viewing, astronaut, 0.3, 1.0)
    face = np.s_[110:190, 190:250]
    assert np.abs(picture_of(feed)[face].astype(int) - plain[face]).mean() > 8
    assert act(viewing, 'enable', False).success and not feed.settings.enabled
    assert feed._state()['people'] == []
    show(viewing, astronaut, 0.3, 2.0)
    assert np.abs(picture_of(feed)[face].astype(int) - astronaut[face]).mean() > 8
    act(viewing, 'anonymize', False)
    show(viewing, astronaut, 0.3, 3.0)
    assert np.abs(picture_of(feed)[face].astype(int) - astronaut[face]).mean() < 8


def test_tone_of_an_operator(viewing, astronaut):
    """Until it is given back; an unknown one is told."""
    viewing, feed = viewing
    show(viewing, astronaut, 0.5)
    assert act(viewing, 'tone', 'calm').success
    assert feed._state()['tone']['name'] == 'calm' and feed.settings.tone_is_set
    answer = act(viewing, 'tone', 'loud')
    assert not answer.success and 'loud' in answer.message
    act(viewing, 'tone', '')
    assert not feed.settings.tone_is_set


def test_opting_out_and_starting_anew(viewing, astronaut):
    """A face is judged no more, and again; a new start has new ids."""
    viewing, feed = viewing
    show(viewing, astronaut, 1.0)
    assert feed._state()['tone']['name'] == 'cheerful'
    assert act(viewing, 'opt_out', 'f1').message == 'judged no more: f1'
    show(viewing, astronaut, 0.2, 1.0)
    [person] = feed._state()['people']
    assert person['quality'] == 'opted_out' and person['probabilities'] == []
    assert feed._state()['tone']['name'] == 'neutral', 'it answered to their looks'
    assert act(viewing, 'opt_in', 'f1').success and act(viewing, 'opt_out_everybody', True).success
    assert 'f9' in act(viewing, 'opt_out', 'f9').message
    assert act(viewing, 'reset', True).success
    show(viewing, astronaut, 0.5, 2.0)
    assert [person['id'] for person in feed._state()['people']] == ['f2']


def test_overlay(viewing, astronaut):
    """The map of evidence is made when it is wanted."""
    viewing, feed = viewing
    assert act(viewing, 'overlay', 'cam').success and feed.settings.overlay == 'cam'
    show(viewing, astronaut, 0.5)
    face = np.s_[110:190, 190:250]
    cam = picture_of(feed)[face].astype(int)
    act(viewing, 'overlay', 'none')
    show(viewing, astronaut, 0.3, 1.0)
    assert np.abs(cam - picture_of(feed)[face]).mean() > 8


def test_nothing_is_drawn_for_nobody(astronaut):
    """No picture is encoded while nobody watches."""
    feed = LiveFeed()
    viewing = Viewing(build_pipeline(PipelineConfig()),
                      load_policy(resource_path('config/behavior.yaml')), feed, 'test')
    show(viewing, astronaut, 0.3)
    assert feed._picture == b'' and feed._state()['people']
