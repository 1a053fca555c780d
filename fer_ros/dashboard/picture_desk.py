"""Pictures that are dropped on the page: looked at one after the other, kept nowhere."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from fer_ros.media.picture_decoder import PictureError
from fer_ros.perception.concealment import Concealment, load_concealment
from fer_ros.perception.pipeline import Pipeline, PipelineConfig, build_pipeline
from fer_ros.pictures.json_report import report_json
from fer_ros.pictures.page import report_page
from fer_ros.pictures.report import report_picture
from fer_ros.pictures.upload import decode_upload, fault_text
from fer_ros.texts import load_texts

#: So many pictures may wait.
_MOST_WAITING = 4
_LONGEST_NAME = 100
#: Whoever drives the robot comes first (nice).
_YIELDING = 10


class PictureRefusedError(ValueError):
    """
    A picture is not looked at; the text says why, in a sentence.

    :param status: of HTTP.
    """

    def __init__(self, text: str, status: int = 422) -> None:
        super().__init__(text)
        self.status = status


class PictureDesk:
    """
    Looks at pictures in a thread of its own, so that viewers do not wait.

    Its networks are loaded with the first picture.

    :param models: those of :class:`.PipelineConfig` that are not the shipped ones.
    """

    def __init__(self, **models: Any) -> None:
        self._models, self._waiting = models, 0
        self._thread = ThreadPoolExecutor(1, 'pictures', _yield_to_others)

    @contextmanager
    def place(self, language: str) -> Iterator[None]:
        """
        Hold one of the few places, from a picture's first byte on: what waits fills the memory.

        :raises PictureRefusedError: if all are taken.
        """
        if self._waiting >= _MOST_WAITING:
            raise PictureRefusedError(
                load_texts(language)('dashboard.busy', count=self._waiting), 503)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def look_at(self, data: bytes, name: str, language: str,
                      anonymize: bool) -> dict[str, Any]:
        """
        Return what the page shows of a picture: :func:`.report_json`, and ``page``, to be saved.

        :param data: the file.
        :param name: what it is called.
        :param language: of the texts.
        :param anonymize: hide its faces.
        :raises PictureRefusedError: says why there is nothing to show.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._look_at, data, name, language, anonymize)

    def _look_at(self, data: bytes, name: str, language: str,
                 anonymize: bool) -> dict[str, Any]:
        texts, name = load_texts(language), _shown(name)
        try:
            picture = decode_upload(data)
        except PictureError as error:
            raise PictureRefusedError(fault_text(error, texts)) from error
        report = report_picture(self._pipeline, picture, name,
                                self._concealment if anonymize else None)
        return {**report_json(report, texts, images=True), 'page': report_page([report], texts)}

    @cached_property
    def _pipeline(self) -> Pipeline:
        return build_pipeline(PipelineConfig(**self._models, maps=True))

    @cached_property
    def _concealment(self) -> Concealment:
        return load_concealment()


def _shown(name: str) -> str:
    """Return a name as far as it can be written into a page."""
    return name.encode('utf-8', 'replace').decode()[:_LONGEST_NAME]


def _yield_to_others() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _YIELDING)
