"""Who only holds a place is cut off; who is in the middle of a request, or new, is not."""

from fer_ros.dashboard.connections import ConnectionWatch


class Transport:
    """Notes that it was cut off."""

    aborted = False

    def abort(self):
        self.aborted = True


class Connection:
    """As aiohttp's."""

    def __init__(self):
        self.transport = Transport()

    @property
    def is_cut(self):
        return self.transport.aborted


class Server:
    """As aiohttp's."""

    def __init__(self, count):
        self.connections = [Connection() for _ in range(count)]


def test_the_silent_are_cut_off_in_time():
    """Not before."""
    now = [0.0]
    watch, server = ConnectionWatch(lambda: now[0]), Server(3)
    for now[0] in (0.0, 5.0, 9.9):
        watch.close_idle(server)
    assert not any(one.is_cut for one in server.connections)
    watch._busy.add(server.connections[0])
    server.connections.append(Connection())
    now[0] = 10.1
    watch.close_idle(server)
    assert [one.is_cut for one in server.connections] == [False, True, True, False]


def test_of_too_many_the_most_silent_go():
    """Also before their time."""
    now = [0.0]
    watch, server = ConnectionWatch(lambda: now[0]), Server(200)
    watch.close_idle(server)
    server.connections += Server(100).connections
    now[0] = 1.0
    watch.close_idle(server)
    assert sum(one.is_cut for one in server.connections[:200]) == 300 - 256
    assert not any(one.is_cut for one in server.connections[200:])


def test_who_is_gone_is_forgotten():
    """Nothing grows."""
    watch = ConnectionWatch()
    for _ in range(10):
        watch.close_idle(Server(20))
    watch.close_idle(Server(0))
    assert not watch._idle_since and not watch._busy
