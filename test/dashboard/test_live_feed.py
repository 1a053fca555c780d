"""The feed: each viewer gets the newest, once; nothing is made for nobody."""

import asyncio
import json
import threading

from fer_ros.dashboard.live_feed import LiveFeed, Version
from fer_ros.dashboard.shown import Condition, Moment, Settings, ShownPerson, ShownTone


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self):
        return self.now


def parts(texts):
    """Return kind -> part."""
    return {part['kind']: part for part in map(json.loads, texts)}


def test_a_viewer_gets_the_newest_and_only_what_is_new():
    """What came in between is skipped."""
    async def watch():
        feed = LiveFeed()
        feed.attach()
        feed.add_moment(Moment(1.0))
        feed.add_picture(b'old')
        feed.add_picture(b'new')
        seen, texts, picture = await feed.newer_than(Version())
        assert picture == b'new' and set(parts(texts)) == {'state', 'history'}
        feed.add_tone(ShownTone(2.0, 'warm', reason='so'))
        seen, texts, picture = await feed.newer_than(seen)
        assert not picture and parts(texts)['state']['tone']['name'] == 'warm'
        feed.add_picture(b'next')
        assert (await feed.newer_than(seen))[1:] == ([], b'next')
    asyncio.run(watch())


def test_viewers_wait_for_another_thread():
    """They sleep until something is written; all of them wake."""
    async def watch():
        feed = LiveFeed()
        feed.attach()
        waiting = [asyncio.create_task(feed.newer_than(Version())) for _ in range(3)]
        await asyncio.sleep(0)
        threading.Thread(target=feed.add_picture, args=(b'jpeg',)).start()
        assert {(await one)[2] for one in waiting} == {b'jpeg'}
    asyncio.run(watch())


def test_texts_are_made_once_for_all():
    """The very same text goes to every viewer of a version."""
    async def watch():
        feed = LiveFeed()
        feed.attach()
        feed.add_moment(Moment(1.0))
        first, second = [await feed.newer_than(Version()) for _ in range(2)]
        assert all(one is other for one, other in zip(first[1], second[1]))
    asyncio.run(watch())


def test_watched_as_long_as_somebody_takes():
    """A viewer that takes nothing is none."""
    async def watch():
        clock = Clock()
        feed = LiveFeed(clock)
        feed.attach()
        assert not feed.is_watched
        feed.add_picture(b'jpeg')
        await feed.newer_than(Version())
        assert feed.is_watched
        clock.now += 3.5
        assert not feed.is_watched
    asyncio.run(watch())


def test_the_time_line_comes_once_a_second():
    """However many frames there are; a tone shows at once."""
    clock = Clock()
    feed = LiveFeed(clock)

    async def versions():
        feed.attach()
        seen, count = Version(), 0
        for index in range(60):
            feed.add_moment(Moment(index / 30))
            seen, texts, _ = await feed.newer_than(seen)
            count += 'history' in parts(texts)
            clock.now += 1 / 30
        feed.add_tone(ShownTone(2.0, 'warm'))
        _, texts, _ = await feed.newer_than(seen)
        return count, parts(texts)
    count, last = asyncio.run(versions())
    assert count == 2 and last['history']['tones'] == [[2.0, 'warm']]


def test_conditions_notices_and_settings():
    """What is told stays until it is told otherwise; a notice fades."""
    async def watch():
        clock = Clock()
        feed = LiveFeed(clock)
        feed.attach()
        feed.set_condition(Condition('emotion_node', 'warning', 'no image', {'rate': '0'}))
        feed.set_settings(Settings(anonymize=True, tones=('warm',)))
        feed.add_notice('I can see your face')
        seen, texts, _ = await feed.newer_than(Version())
        state = parts(texts)['state']
        assert state['conditions'][0]['text'] == 'no image' and state['settings']['anonymize']
        assert state['notice'] == 'I can see your face'
        clock.now += 30
        feed.forget_condition('emotion_node')
        state = parts((await feed.newer_than(seen))[1])['state']
        assert not state['conditions'] and not state['notice']
        feed.forget_condition('emotion_node')
    asyncio.run(watch())


def test_who_is_gone_and_who_is_forgotten():
    """Nobody in view leaves the time line; a new start empties it, and the tone goes on."""
    feed = LiveFeed()
    person = ShownPerson('f1', (0, 0, 1, 1), 'happy', 0.9, (0.9,), 'ok', 0.0, 0.0)
    feed.add_tone(ShownTone(1.0, 'warm'))
    feed.add_moment(Moment(2.0, ('happy',), (person,)))
    feed.nobody()
    assert feed._state()['people'] == [] and feed._time_line()['people'][0]['id'] == 'f1'
    feed.clear()
    assert feed._time_line()['people'] == [] and feed._time_line()['tones'] == [[1.0, 'warm']]
