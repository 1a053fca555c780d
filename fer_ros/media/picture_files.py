"""Pictures that people name, file by file or as folders; what cannot be used is kept in mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from fer_ros.media.frame_source import PICTURES, natural_order
from fer_ros.media.picture_decoder import PictureError, read_picture


class PictureFiles:
    """
    Reads named pictures and all that lie in named folders, also in folders below those.

    :ivar names: file -> a name without ending, of its own among all of them.
    :ivar skipped: file -> why it cannot be used. More may be added with :meth:`skip`.
    :ivar errors: file -> likewise, of those that are no picture that can be read.
    :ivar others: what lies in the folders and is no picture by its name.
    :param paths: pictures and folders.
    :param but: a folder that is left out where it lies below one of them, such as that of the
        results.
    :raises ValueError: if a folder holds no pictures; names it.
    """

    def __init__(self, paths: Sequence[Path], but: Path | None = None) -> None:
        self.skipped: dict[Path, str] = {}
        self.errors: dict[Path, PictureError] = {}
        self.others: list[Path] = []
        self.names: dict[Path, str] = {}
        self._taken: set[str] = set()
        self._but = None if but is None else but.resolve()
        for path in paths:
            for file in self._inside(path) if path.is_dir() else [path]:
                self._add(file)

    def __len__(self) -> int:
        """Return the number of pictures, those included that cannot be used."""
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[Path, np.ndarray]]:
        """Yield file and picture, uint8 (H, W, 3) BGR, of all that can be read."""
        for path in self.names:
            try:
                picture = read_picture(path)
            except PictureError as error:
                self.errors[path] = error
                self.skip(path, str(error))
                continue
            yield path, picture

    def skip(self, path: Path, why: str) -> None:
        """Remember why a picture is of no use."""
        self.skipped[path] = why

    def report(self) -> list[str]:
        """
        Return what was skipped and why, a line a file.

        :raises ValueError: if every picture was; names the first, and how many they are.
        """
        lines = [f"'{path}': {why}" for path, why in self.skipped.items()]
        if lines and len(lines) == len(self.names):
            raise ValueError(lines[0] if len(lines) == 1 else (
                f'none of {len(lines)} pictures can be used, beginning with {lines[0]}'))
        if self.others:
            shown = ', '.join(f"'{path}'" for path in self.others[:5])
            lines.append(f'no pictures by their names: {shown}'
                         + f' and {len(self.others) - 5} more' * (len(self.others) > 5))
        return lines

    def _inside(self, folder: Path) -> list[Path]:
        files = [path for path in folder.rglob('*') if path.is_file() and not any(
            part.startswith('.') for part in path.relative_to(folder).parts)]
        if self._but is not None and self._but != folder.resolve():
            files = [path for path in files if self._but not in path.resolve().parents]
        pictures = [path for path in files if path.suffix.lower() in PICTURES]
        if not pictures:
            raise ValueError(f"folder '{folder}' holds no pictures ({', '.join(PICTURES)})")
        self.others += sorted(set(files) - set(pictures))
        return sorted(pictures, key=lambda path: (str(path.parent), natural_order(path)))

    def _add(self, file: Path) -> None:
        if file in self.names:
            return
        name, number = file.stem, 1
        if name in self._taken:  # happy/0.png, sad/0.png
            name = base = f'{file.parent.name}_{file.stem}'
            while name in self._taken:
                number += 1
                name = f'{base}_{number}'
        self._taken.add(name)
        self.names[file] = name
