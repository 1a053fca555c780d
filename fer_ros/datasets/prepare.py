"""``python -m fer_ros dataset``: clean a set of face pictures and write what training reads."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from collections import Counter
from dataclasses import astuple
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from tqdm import tqdm

from fer_ros.command_help import HelpFormatter
from fer_ros.datasets import plots as plots
from fer_ros.datasets.checks import WRONG_LABEL, WRONG_LABEL_NEAR, Findings, check, label_name
from fer_ros.datasets.emotion_data import NO_LABEL_IN_FILE, PUBLIC_TEST, TRAIN
from fer_ros.datasets.face_cutting import cut_faces, doubt_crops
from fer_ros.datasets.readers import SEALED, Face, Problem, Source, read_source
from fer_ros.perception.labels import FERPLUS_VOTES, GROUPINGS
from fer_ros.perception.model_card import sha256_of
from fer_ros.perception.preprocessing import to_gray


def main(argv: list[str]) -> int:
    """Read, prepare, check, write."""
    options = _parser().parse_args(argv)
    if not 0 <= options.validation_share < 1:
        raise ValueError(f'--validation-share is {options.validation_share}, must be 0 to below 1')
    if options.output.exists() and any(options.output.iterdir()) and not options.overwrite:
        raise ValueError(f"'{options.output}' is not empty; give another --output or --overwrite")
    source = read_source(options.source, options.votes, _read_mapping(options.mapping),
                         options.skip_bad_rows)
    warning = cut_faces(source, options.size) if options.detect_faces else (
        doubt_crops(source.faces))
    images = prepare(source.faces, options.size)
    if not source.has_split:
        hold_out(source.faces, options.validation_share, options.seed)
    findings, pairs = check(source.faces, images, options.near_duplicate_distance)
    _keep_group(findings, options.groups)
    problems = source.problems + findings.problems
    _write(options, source, images, findings, pairs, problems)
    print(summary(len(source.faces) + len(source.problems), findings, problems))
    for line in (warning, wrong_labels(problems), _empty_classes(source.faces, findings,
                                                                 options.groups)):
        if line:
            print(line)
    print(f'written: {options.output / "dataset.npz"}; see problems.csv and the PNGs beside it')
    return 0


def prepare(faces: list[Face], size: int) -> np.ndarray:
    """
    Return the pictures in gray and in one size.

    :param size: side [px].
    :returns: uint8 (N, size, size).
    """
    images = np.empty((len(faces), size, size), np.uint8)
    for image, face in zip(images, tqdm(faces, desc='resize', disable=None, leave=False)):
        gray = to_gray(face.image)
        shrinks = min(gray.shape) > size
        image[:] = gray if gray.shape == image.shape else cv2.resize(
            gray, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return images


def hold_out(faces: list[Face], share: float, seed: int) -> None:
    """Hold out a share of every class, at least one picture of a class that has two."""
    generator = np.random.default_rng(seed)
    majorities = np.array([face.majority for face in faces])
    for emotion in np.unique(majorities):
        rows = generator.permutation(np.flatnonzero(majorities == emotion))
        count = max(round(share * len(rows)), int(share > 0 and len(rows) > 1))
        for row in rows[:count]:
            faces[row].split = PUBLIC_TEST


def summary(read: int, findings: Findings, problems: list[Problem]) -> str:
    """Return a table: what was read, what is wrong, what is left."""
    counted = Counter((problem.kind, problem.action) for problem in problems)
    width = max([len(kind) for kind, _ in counted] + [20])
    lines = [f'{"read":{width}} {read:7d}']
    lines += [f'{kind:{width}} {count:7d} {action}'
              for (kind, action), count in sorted(counted.items())]
    splits = np.array([face.split for face in findings.faces])[~findings.left_out]
    for name, split in (('train', TRAIN), ('held out', PUBLIC_TEST), ('sealed', SEALED)):
        lines.append(f'{"written: " + name:{width}} {(splits == split).sum():7d}')
    return '\n'.join(lines)


def wrong_labels(problems: list[Problem], most: int = 5) -> str:
    """Name the pictures that lie in two classes at once; '' if there are none."""
    found = [problem for problem in problems
             if problem.kind in (WRONG_LABEL, WRONG_LABEL_NEAR)]
    if not found:
        return ''
    pairs: list[str] = []
    for problem in found:
        if not any(f' {problem.source} is ' in pair for pair in pairs):  # else told the other way
            pairs.append(f'{problem.source} is {problem.detail}')
    rest = f'; {len(pairs) - most} more in problems.csv' if len(pairs) > most else ''
    return f'look at these, one of two labels is wrong: {"; ".join(pairs[:most])}{rest}'


def emotion_name(face: Face) -> str:
    """Return the emotion of the majority vote, '' where there is none."""
    return FERPLUS_VOTES[face.majority] if 0 <= face.majority < 8 else ''


def _keep_group(findings: Findings, group: int) -> None:
    if group == 8:
        return
    for index, face in enumerate(findings.faces):
        if emotion_name(face) not in GROUPINGS[group]:
            name = emotion_name(face) or 'no emotion'
            findings.add(index, f'not among the {group} classes', name, True)


def _write(options: argparse.Namespace, source: Source, images: np.ndarray, findings: Findings,
           pairs: list[tuple[int, int]], problems: list[Problem]) -> None:
    """Write all files to a folder beside the output, then put it in its place."""
    temporary = options.output.with_name(options.output.name + '.tmp')
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    kept = ~findings.left_out
    faces = [face for face, keep in zip(source.faces, kept) if keep]
    np.savez_compressed(temporary / 'dataset.npz', allow_pickle=False,
                        **_fields(faces, images[kept]))
    emotions = np.array([emotion_name(face) for face in faces], dtype=str)
    splits = np.array([face.split for face in faces])
    counts = plots.class_counts(emotions, splits, options.groups)
    figures = {'counts': plots.plot_counts(counts),
               'samples': plots.plot_samples(images[kept], emotions, options.groups)}
    if pairs:
        figures['near_duplicates'] = plots.plot_pairs(
            images, [label_name(face) for face in source.faces], pairs)
    for name, figure in figures.items():
        figure.savefig(temporary / f'{name}.png', dpi=100)
    _write_problems(problems, temporary / 'problems.csv')
    (temporary / 'dataset.json').write_text(json.dumps(
        _facts(options, counts, problems), indent=2) + '\n', encoding='utf-8')
    shutil.rmtree(options.output, ignore_errors=True)
    temporary.replace(options.output)


def _fields(faces: list[Face], images: np.ndarray) -> dict[str, np.ndarray]:
    votes = np.zeros((len(faces), len(FERPLUS_VOTES)), np.uint8)
    for row, face in zip(votes, faces):
        row[:] = face.votes
    return {
        'images': images, 'ferplus_votes': votes, 'row_known': np.asarray(votes.any(1), np.uint8),
        'labels': np.array([NO_LABEL_IN_FILE if face.label is None else face.label
                            for face in faces], np.uint8),
        'split': np.array([face.split for face in faces], np.uint8),
        'source': np.array([face.source for face in faces], dtype=str)}


def _write_problems(problems: list[Problem], path: Path) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['source', 'problem', 'detail', 'action'])
        writer.writerows(astuple(problem) for problem in problems)


def _facts(options: argparse.Namespace, counts: dict[str, list[int]],
           problems: list[Problem]) -> dict[str, Any]:
    files = [path for path in (options.source, options.votes) if path and path.is_file()]
    return {
        'sources': {path.name: sha256_of(path) for path in files} or options.source.name,
        'options': {key: value for key, value in vars(options).items()
                    if isinstance(value, (int, float, bool))},
        'counts': {name: dict(zip(('train', 'held_out', 'sealed'), row))
                   for name, row in counts.items()},
        'problems': dict(Counter(problem.kind for problem in problems))}


def _empty_classes(faces: list[Face], findings: Findings, group: int) -> str:
    there = {emotion_name(face) for face, out in zip(faces, findings.left_out)
             if face.split == TRAIN and not out}
    missing = [emotion for emotion in GROUPINGS[group] if emotion not in there]
    return (f'warning: no training picture of {", ".join(missing)}: a network trained on this '
            'will not answer that') if missing else ''


def _read_mapping(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        mapping = yaml.safe_load(path.read_text(encoding='utf-8'))
    except yaml.YAMLError as error:
        raise ValueError(f"'{path}' is no YAML: {error}") from error
    if not isinstance(mapping, dict):
        raise ValueError(f"'{path}' must hold lines 'FOLDER: EMOTION'")
    return {str(key).lower(): str(value) for key, value in mapping.items()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='fer_ros dataset', formatter_class=HelpFormatter,
        description='Clean a set of face pictures and write what fer_ros train reads. Nothing is '
                    'dropped silently: problems.csv lists every row or file that is left out.')
    parser.add_argument('source', type=Path, help="Kaggle's fer2013.csv, a folder with one folder "
                        'of pictures a class (below train/, validation/, test/ or not), or an npz')
    parser.add_argument('--output', type=Path, default=Path('runs/dataset'), help='folder')
    parser.add_argument('--votes', type=Path, help="FER+'s fer2013new.csv, for fer2013.csv")
    parser.add_argument('--mapping', type=Path,
                        help="YAML, lines 'FOLDER: EMOTION' or 'FOLDER: ignore'")
    parser.add_argument('--groups', type=int, choices=sorted(GROUPINGS), default=8,
                        help='classes to keep: 8, 7 (no contempt) or 3 (happy, sad, angry)')
    parser.add_argument('--size', type=int, choices=(48,), default=48,
                        help='side of the pictures [px], as the network takes them')
    parser.add_argument('--detect-faces', action='store_true',
                        help='the pictures are whole ones: cut the largest face out of each')
    parser.add_argument('--validation-share', type=float, default=0.1,
                        help='of each class, held out where the source has no split of its own')
    parser.add_argument('--near-duplicate-distance', type=int, default=6,
                        help='bits of 64 in which their hashes may differ; -1: not sought')
    parser.add_argument('--skip-bad-rows', action='store_true',
                        help='list damaged rows of a csv and go on')
    parser.add_argument('--seed', type=int, default=1, help='of what is held out')
    parser.add_argument('--overwrite', action='store_true', help='replace what --output holds')
    return parser
