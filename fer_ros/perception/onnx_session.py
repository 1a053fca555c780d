"""Open an ONNX model so that it costs nothing while idle."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from fer_ros.perception.model_card import ModelCardError


def open_session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """
    Open a model on the CPU.

    :param path: ONNX file.
    :param threads: at most so many threads; they sleep, not spin, between calls.
    :raises ModelCardError: if onnxruntime cannot read the file, or the network has not just one
        input; names it.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    for pool in ('intra_op', 'inter_op'):
        options.add_session_config_entry(f'session.{pool}.allow_spinning', '0')
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=['CPUExecutionProvider'])
    except Exception as error:  # onnxruntime raises classes of its own, without a common base
        raise ModelCardError(f"onnxruntime cannot open '{path}': {error}") from error
    inputs = [node.name for node in session.get_inputs()]
    if len(inputs) != 1:
        raise ModelCardError(f"'{path}' has {len(inputs)} inputs {inputs}, must have one")
    return session
