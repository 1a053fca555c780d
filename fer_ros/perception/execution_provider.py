"""What runs the networks of a pipeline: an accelerator or, where that fails, the CPU."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fer_ros.perception.yaml_file import one_line

_LOG = logging.getLogger(__name__)
#: Where in its sources onnxruntime raised an error: file, line and function.
_PLACE = re.compile(r'[^\s(]+\.(?:cc|cpp|h):\d+ [^)]*\)\s*')


class Kind(NamedTuple):
    """
    A kind of execution provider.

    :param onnxruntime: its name there.
    :param remedy: how to get it.
    """

    onnxruntime: str
    remedy: str = ''


CPU = 'cpu'
#: By the names that a user gives.
KINDS = {
    CPU: Kind('CPUExecutionProvider'),
    'cuda': Kind('CUDAExecutionProvider', 'pip install onnxruntime-gpu in place of onnxruntime, '
                 'and CUDA and cuDNN of the versions it was built for'),
    'tensorrt': Kind('TensorrtExecutionProvider', 'pip install onnxruntime-gpu in place of '
                     'onnxruntime, and CUDA and TensorRT of the versions it was built for'),
    'openvino': Kind('OpenVINOExecutionProvider',
                     'pip install onnxruntime-openvino in place of onnxruntime'),
    'coreml': Kind('CoreMLExecutionProvider', 'pip install onnxruntime, on macOS')}
#: What a user can ask for.
PROVIDERS = ('auto', *KINDS)
#: TensorRT takes minutes to start, and OpenVINO may have nothing but the CPU.
_AUTOMATIC = ('cuda', 'coreml')


class ExecutionProvider:
    """
    What the networks of one pipeline run on; shared by them, so that all go to the CPU together.

    :param wanted: one of :data:`PROVIDERS`; 'auto': cuda or coreml if offered, else cpu.
    :param offered: the :data:`KINDS` that the engine has.
    :param engine: its name and version, for people.
    :param tell: called once, with one line, if the networks run on the CPU instead.
    :raises ValueError: if there is no such provider.
    """

    def __init__(self, wanted: str = CPU, offered: Sequence[str] = (CPU,), engine: str = '',
                 tell: Callable[[str], object] = _LOG.warning) -> None:
        if wanted not in PROVIDERS:
            raise ValueError(f"provider is '{wanted}', allowed: {', '.join(PROVIDERS)}")
        #: gives what ``make`` opens to several pipelines (path, threads, provider, make); None: it
        #: is this pipeline's alone. See :mod:`~fer_ros.perception.shared_networks`.
        self.share: Callable[[Path, int, str, Callable[[], Any]], Any] | None = None
        self._told = f'{engine} offers {", ".join(offered)}'
        self._tell = tell
        #: what the networks run on now, one of :data:`KINDS`.
        self.name = wanted if wanted != 'auto' else next(
            (name for name in _AUTOMATIC if name in offered), CPU)
        #: why it is not the wanted one; '' if it is.
        self.trouble = ''
        if self.name not in offered:
            self.fail('is not offered')

    def fail(self, reason: str) -> None:
        """Go over to the CPU and say why: what the provider does or does not, such as 'fails'."""
        if self.name == CPU:
            return
        reason = one_line(_PLACE.sub('', reason), 250)
        self.trouble = one_line(
            f"provider '{self.name}' {reason}: the networks run on the CPU; "
            f'{self._told}; {KINDS[self.name].remedy}', 700)
        self.name = CPU
        self._tell(self.trouble)

    def arguments(self, threads: int) -> list[Any]:
        """Return the providers of an onnxruntime session, by falling preference."""
        names = {'tensorrt': ('tensorrt', 'cuda'), CPU: ()}.get(self.name, (self.name,))
        options = {
            # The default tries all ways anew for each number of faces and each picture size.
            'cuda': {'cudnn_conv_algo_search': 'HEURISTIC'},
            # No device: with AUTO it takes no part of a network.
            'openvino': {'num_of_threads': str(threads)}}
        return [*((KINDS[name].onnxruntime, options.get(name, {})) for name in names),
                KINDS[CPU].onnxruntime]


class AcceleratedSession:
    """
    What fer_ros uses of onnxruntime's ``InferenceSession``; on the CPU from a failure on.

    :param session: on the accelerator.
    :param provider: told if it fails; if it has failed for another network, this one goes too.
    :param open_on_cpu: opens the same network there.
    """

    def __init__(self, session: Any, provider: ExecutionProvider,
                 open_on_cpu: Callable[[], Any]) -> None:
        self._session, self._provider, self._open_on_cpu = session, provider, open_on_cpu
        self._is_on_cpu = False

    def get_inputs(self) -> Any:
        """Return the inputs."""
        return self._session.get_inputs()

    def get_outputs(self) -> Any:
        """Return the outputs."""
        return self._session.get_outputs()

    def run(self, names: Sequence[str] | None, feeds: dict[str, Any]) -> Any:
        """
        Return outputs in the order of their names; None: all.

        What fails on the accelerator is done again on the CPU: no frame is lost. What fails there
        too is the caller's fault and raised.
        """
        if self._is_on_cpu:
            return self._session.run(names, feeds)
        if self._provider.name == CPU:
            self._go(self._open_on_cpu())
            return self._session.run(names, feeds)
        try:
            return self._session.run(names, feeds)
        except Exception as error:  # onnxruntime raises classes of its own
            session = self._open_on_cpu()
            values = session.run(names, feeds)
            self._provider.fail(f'fails ({error})')
            self._go(session)
            return values

    def _go(self, session: Any) -> None:
        self._session, self._is_on_cpu = session, True
