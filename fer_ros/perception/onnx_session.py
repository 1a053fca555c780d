"""Open an ONNX model so that it costs nothing while idle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from fer_ros.perception.dnn_session import DnnSession
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
    return ("onnxruntime is not installed: both networks run through OpenCV's dnn module, with "
            'the same answers but slower (pip install onnxruntime)')


def open_session(path: Path, threads: int = 1) -> Any:
    """
    Open a model on the CPU, in onnxruntime or, where that is missing, in OpenCV.

    :param path: ONNX file.
    :param threads: at most so many threads; they sleep, not spin, between calls.
    :returns: an ``onnxruntime.InferenceSession``, or what acts like it:
        :class:`~fer_ros.perception.dnn_session.DnnSession`.
    :raises ModelCardError: if the file cannot be read, or the network has not just one input;
        names it.
    """
    try:
        return DnnSession(path, threads) if onnxruntime is None else _onnxruntime(path, threads)
    except ModelCardError:
        raise
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        remedy = '; it may need onnxruntime (pip install onnxruntime)' * (onnxruntime is None)
        raise ModelCardError(
            f"{inference_engine()} cannot open '{path}': {error}{remedy}") from error


def _onnxruntime(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    for pool in ('intra_op', 'inter_op'):
        options.add_session_config_entry(f'session.{pool}.allow_spinning', '0')
    session = onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider'])
    inputs = [node.name for node in session.get_inputs()]
    if len(inputs) != 1:
        raise ModelCardError(f"'{path}' has {len(inputs)} inputs {inputs}, must have one")
    return session
