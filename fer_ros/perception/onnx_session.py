"""Open an ONNX model so that it costs nothing while idle, on the CPU or an accelerator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.perception.dnn_session import DnnSession
from fer_ros.perception.execution_provider import (
    CPU,
    KINDS,
    AcceleratedSession,
    ExecutionProvider,
)
from fer_ros.perception.model_card import ModelCardError

try:
    import onnxruntime
except ModuleNotFoundError:  # no distribution has it as a package
    onnxruntime = None


def inference_engine() -> str:
    """Return what runs the networks, with its version."""
    if onnxruntime is None:
        return f'OpenCV dnn {cv2.__version__}'
    return f'onnxruntime {onnxruntime.__version__}'


def engine_advice() -> str:
    """Return what a user should know about the engine, '' if all is well."""
    if onnxruntime is not None:
        return ''
    return ("onnxruntime is not installed: the networks run through OpenCV's dnn module, with "
            'the same answers but slower (pip install onnxruntime)')


def offered_providers() -> tuple[str, ...]:
    """Return what the engine can run on, as it says: whether it starts is seen later."""
    if onnxruntime is None:
        return (CPU,)
    available = onnxruntime.get_available_providers()
    return tuple(name for name, kind in KINDS.items() if kind.onnxruntime in available)


def choose_provider(wanted: str = CPU,
                    tell: Callable[[str], object] | None = None) -> ExecutionProvider:
    """
    Return what the networks of a pipeline shall run on.

    :param wanted: one of :data:`~fer_ros.perception.execution_provider.PROVIDERS`.
    :param tell: called once, with one line, if they run on the CPU instead; None: Python's log.
    :raises ValueError: if there is no such provider.
    """
    told = {} if tell is None else {'tell': tell}
    return ExecutionProvider(wanted, offered_providers(), inference_engine(), **told)


def open_session(path: Path, threads: int = 1, provider: ExecutionProvider | None = None) -> Any:
    """
    Open a model in onnxruntime or, where that is missing, in OpenCV.

    :param path: ONNX file.
    :param threads: at most so many threads; they sleep, not spin, between calls.
    :param provider: what it shall run on, see :func:`choose_provider`; None: the CPU.
    :returns: an ``onnxruntime.InferenceSession``, or what acts like it:
        :class:`~fer_ros.perception.execution_provider.AcceleratedSession`,
        :class:`~fer_ros.perception.dnn_session.DnnSession`.
    :raises ModelCardError: if the file cannot be read, or the network has not just one input;
        names it.
    """
    try:
        if provider is None or provider.share is None:
            return _open(path, threads, provider)
        return provider.share(path, threads, provider.name,
                              lambda: _open(path, threads, provider))
    except ModelCardError:
        raise
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        remedy = '; it may need onnxruntime (pip install onnxruntime)' * (onnxruntime is None)
        raise ModelCardError(
            f"{inference_engine()} cannot open '{path}': {error}{remedy}") from error


def _open(path: Path, threads: int, provider: ExecutionProvider | None) -> Any:
    if onnxruntime is None:
        return DnnSession(path, threads)
    if provider is None or provider.name == CPU:
        return _onnxruntime(path, threads)
    return _accelerated(path, threads, provider)


def run_batch(session: Any, outputs: list[str] | None, batch: np.ndarray) -> list[np.ndarray]:
    """
    Run a network on a batch; part by part where it takes just so many at a time.

    :param session: from :func:`open_session`.
    :param outputs: their names; None: all.
    :param batch: (N, ...), N above 0.
    :returns: an array (N, ...) for each output.
    """
    (source,) = session.get_inputs()
    size = source.shape[0]
    # OpenCV, or exported without a free batch axis.
    if isinstance(size, int) and 0 < size != len(batch):
        whole = np.concatenate([batch, np.zeros((-len(batch) % size, *batch.shape[1:]),
                                                batch.dtype)])
        parts = [session.run(outputs, {source.name: whole[i:i + size]})
                 for i in range(0, len(batch), size)]
        return [np.concatenate(part)[:len(batch)] for part in zip(*parts)]
    values: list[np.ndarray] = session.run(outputs, {source.name: batch})
    return values


def _accelerated(path: Path, threads: int, provider: ExecutionProvider) -> Any:
    """Open a model where it is wanted; on the CPU, which is said, where that does not start."""
    onnxruntime.set_default_logger_severity(4)  # outside of sessions too; for the whole process
    try:
        session = _onnxruntime(path, threads, provider.arguments(threads))
        reason = _why_unused(session, KINDS[provider.name].onnxruntime, path)
    except Exception as error:
        reason = f'does not start ({error})'
    if reason:
        session = _onnxruntime(path, threads)  # raises what is the file's fault
        provider.fail(reason)
        return session
    return AcceleratedSession(session, provider, lambda: _onnxruntime(path, threads))


def _why_unused(session: Any, name: str, path: Path) -> str:
    """Return why a session does not use the provider that it was opened with, '' if it does."""
    if session.get_providers()[0] != name:
        return 'does not start'
    # It may be there and take nothing; onnxruntime before 1.24 does not tell.
    parts = getattr(session, 'get_provider_graph_assignment_info', None)
    if parts is not None and all(part.ep_name != name for part in parts()):
        return f"takes no part of '{path.name}'"
    return ''


def _onnxruntime(path: Path, threads: int, providers: Sequence[Any] = (
        KINDS[CPU].onnxruntime,)) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    options.add_session_config_entry('session.record_ep_graph_assignment_info', '1')
    for pool in ('intra_op', 'inter_op'):
        options.add_session_config_entry(f'session.{pool}.allow_spinning', '0')
    # Its own way to the CPU prints.
    session = onnxruntime.InferenceSession(
        str(path), options, providers=list(providers), enable_fallback=0)
    inputs = [node.name for node in session.get_inputs()]
    if len(inputs) != 1:
        raise ModelCardError(f"'{path}' has {len(inputs)} inputs {inputs}, must have one")
    return session
