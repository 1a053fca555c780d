"""Several pipelines in one process open each network once, and run it in one batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from fer_ros.perception.execution_provider import ExecutionProvider
from fer_ros.perception.onnx_session import choose_provider


class _Kind(NamedTuple):
    """What may go into one batch."""

    outputs: tuple[str, ...] | None
    source: str
    shape: tuple[int, ...]
    dtype: np.dtype


class _Request:
    """A call that waits; it ends with values or with an error."""

    def __init__(self, kind: _Kind, rows: np.ndarray) -> None:
        self.kind, self.rows = kind, rows
        self.values: list[np.ndarray] | None = None
        self.error: Exception | None = None

    @property
    def has_ended(self) -> bool:
        return self.values is not None or self.error is not None


class SharedSession:
    """
    An open network that several threads run; acts like the ``InferenceSession`` that it holds.

    Who comes while it runs waits; one of those who wait then runs all of them in one batch. Who
    comes alone waits for nobody. A picture gets the same answer in any batch (onnxruntime on
    the CPU: to the bit).

    :param session: see :func:`~fer_ros.perception.onnx_session.open_session`.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        (source,) = session.get_inputs()
        # Free, and the same in what comes out: else the answers cannot be told apart.
        self._takes_batches = isinstance(source.shape[0], str) and (
            source.shape.count(source.shape[0]) == 1) and all(  # some name each free axis '?'
                output.shape and output.shape[0] == source.shape[0]
                for output in session.get_outputs())
        self._changed = threading.Condition()
        self._waiting: list[_Request] = []
        self._running = False

    def get_inputs(self) -> Any:
        """Return the inputs."""
        return self._session.get_inputs()

    def get_outputs(self) -> Any:
        """Return the outputs."""
        return self._session.get_outputs()

    def run(self, names: Sequence[str] | None, feeds: dict[str, np.ndarray]) -> Any:
        """
        Return outputs in the order of their names; None: all.

        :param feeds: the one input, by its name: (N, ...).
        """
        ((source, rows),) = feeds.items()
        request = _Request(_Kind(None if names is None else tuple(names), source, rows.shape[1:],
                                 rows.dtype), rows)
        with self._changed:
            self._waiting.append(request)
            self._changed.wait_for(lambda: request.has_ended or not self._running)
            batch = [] if request.has_ended else self._take(request)
            self._running = self._running or bool(batch)
        if batch:
            try:
                self._run(batch)
            finally:
                with self._changed:
                    self._running = False
                    self._changed.notify_all()
        if request.error is not None:
            raise request.error
        return request.values

    def _take(self, first: _Request) -> list[_Request]:
        """Return who is run now: one and, in one batch with it, who waits for the same."""
        batch = [one for one in self._waiting if one is first or (
            self._takes_batches and one.kind == first.kind)]
        self._waiting = [one for one in self._waiting if one not in batch]
        return batch

    def _run(self, batch: list[_Request]) -> None:
        """Run a batch and give each its part; after a failure one by one: one is at fault."""
        kind = batch[0].kind
        outputs = None if kind.outputs is None else list(kind.outputs)
        try:
            together = batch[0].rows if len(batch) == 1 else np.concatenate(
                [one.rows for one in batch])
            values = self._session.run(outputs, {kind.source: together})
        except Exception as error:  # onnxruntime raises classes of its own
            if len(batch) == 1:
                batch[0].error = error
            else:
                for one in batch:
                    self._run([one])
            return
        if len(batch) == 1:  # whatever its outputs begin with
            batch[0].values = list(values)
            return
        ends = np.cumsum([len(one.rows) for one in batch])
        for one, end in zip(batch, ends):
            one.values = [value[end - len(one.rows):end] for value in values]


class SharedNetworks:
    """The networks that pipelines of one process have open, each once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._providers: dict[str, ExecutionProvider] = {}
        self._sessions: WeakValueDictionary[tuple[Path, int, str], SharedSession] = (
            WeakValueDictionary())

    def provider(self, wanted: str, tell: Callable[[str], object] | None = None
                 ) -> ExecutionProvider:
        """
        Return what a pipeline's networks run on; what is opened on it is shared.

        The parameters are those of :func:`~fer_ros.perception.onnx_session.choose_provider`.
        """
        with self._lock:
            if wanted not in self._providers:
                provider = choose_provider(wanted, tell)
                provider.share = self._open
                self._providers[wanted] = provider
            return self._providers[wanted]

    def _open(self, path: Path, threads: int, provider: str, make: Callable[[], Any]) -> Any:
        key = path.resolve(), threads, provider
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                session = self._sessions[key] = SharedSession(make())
            return session
