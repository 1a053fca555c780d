"""behavior_node beside the soak: texts of every kind, and whether it still speaks afterwards."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

from std_msgs.msg import String

from benchmark.child import Child, resident

#: Hostile and unlucky ones; the largest stay below a megabyte, for they come every minute.
TEXTS = (
    '', ' \n\t', 'Tea & biscuits < 5?', 'word ' * 100_000, 'a\x01\x1b[31mb' * 1000, '\ufffe',
    '\ufeff<speak>a</speak>', '\n<speak xml:base="x">a</speak>', '<' * 100_000,
    '<speak>' + '<p>' * 2000 + 'a' + '</p>' * 2000 + '</speak>', '<speak>' + '<p>' * 50_000,
    '<speak>' + '<b/>' * 100_000 + '</speak>', f'<speak a="{"x" * 400_000}">a</speak>',
    '<!DOCTYPE speak [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><speak>&b;</speak>',
    '<speak><![CDATA[<speak>]]></speak>', '<?xml version="1.0" encoding="utf-16"?><speak/>',
    '<speak><amazon:effect name="x">a</amazon:effect></speak>', '<speak><p>a', '<html/>')


class Talker:
    """
    A behavior_node in a process of its own; a context manager.

    :param child: whose node publishes the texts.
    """

    def __init__(self, child: Child) -> None:
        self._child = child
        self.sent = self.spoken = 0
        self._texts = child.node.create_publisher(String, 'dialog/text', 10)
        child.node.create_subscription(String, 'dialog/ssml', self._on_ssml, 10)
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'fer_ros.nodes.behavior_node'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Talker:
        self._child.spin(20.0, 0, lambda: self._texts.get_subscription_count() > 0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(15)

    def hear_all(self) -> None:
        """
        Say every text, one after the other.

        :raises RuntimeError: if one is not answered in ten seconds.
        """
        for text in TEXTS:
            before = self.spoken
            self._texts.publish(String(data=text))
            self._child.spin(10.0, 0, lambda before=before: self.spoken > before)
            if self.spoken == before:
                raise RuntimeError(f'behavior_node does not answer to {text[:60]!r}')
        self.sent += len(TEXTS)

    def memory(self) -> float:
        """Return the resident memory of the node [MB]."""
        return resident(self.process.pid)

    def _on_ssml(self, message: String) -> None:
        self.spoken += 1
