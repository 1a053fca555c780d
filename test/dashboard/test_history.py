"""The time line: spans by person, gaps, jumps of time, and no more than is wanted."""

from fer_ros.dashboard.history import History
from fer_ros.dashboard.shown import Moment, ShownPerson, ShownTone


def moment(stamp, **people):
    """Return a moment: id -> state."""
    return Moment(stamp, ('happy',), tuple(
        ShownPerson(id_, (0, 0, 1, 1), label, 0.9, (0.9,), 'ok', 0.0, 0.0)
        for id_, label in people.items()))


def test_spans_grow_and_change():
    """A change ends a span where the next one begins; a gap leaves nothing between."""
    history = History()
    for stamp, state in ((1.0, 'happy'), (1.5, 'happy'), (2.0, 'sad'), (4.0, 'sad'), (4.5, 'sad')):
        history.add(moment(stamp, f1=state))
    assert history.as_json()['people'] == [{'id': 'f1', 'spans': [
        [1.0, 2.0, 'happy'], [2.0, 2.0, 'sad'], [4.0, 4.5, 'sad']]}]


def test_people_in_the_order_in_which_they_came():
    """Whoever is seen again does not move."""
    history = History()
    history.add(moment(1.0, f2='sad'))
    history.add(moment(1.1, f1='sad', f2='sad'))
    assert [person['id'] for person in history.as_json()['people']] == ['f2', 'f1']


def test_what_is_old_is_forgotten():
    """After so long; the tone that held when the line begins stays."""
    history = History(length=10.0)
    history.add(moment(0.0, f1='happy'))
    for stamp, name in ((0.0, 'neutral'), (1.0, 'warm'), (1.5, 'warm'), (12.0, 'calm')):
        history.add_tone(ShownTone(stamp, name))
    history.add(moment(15.0, f2='sad'))
    told = history.as_json()
    assert [person['id'] for person in told['people']] == ['f2']
    assert told['tones'] == [[1.0, 'warm'], [12.0, 'calm']] and told['now'] == 15.0


def test_a_jump_back_starts_anew():
    """A bag that begins again."""
    history = History()
    history.add(moment(100.0, f1='happy'))
    history.add_tone(ShownTone(100.0, 'warm'))
    history.add(moment(1.0, f9='sad'))
    told = history.as_json()
    assert [person['id'] for person in told['people']] == ['f9'] and told['tones'] == []


def test_it_stays_small():
    """A crowd that changes every frame, states that change every frame."""
    history = History()
    for index in range(5000):
        history.add(moment(index / 30, **{f'f{index // 3}': ('sad', 'happy')[index % 2],
                                          'f_': ('sad', 'happy')[index % 2]}))
        history.add_tone(ShownTone(index / 30, str(index)))
    told = history.as_json()
    assert len(told['people']) <= 50 and len(told['tones']) <= 400
    assert max(len(person['spans']) for person in told['people']) <= 400
