"""
Write the measured figures of detector, pipeline and node into the documents that tell them.

``python -m tools.speed_tables [runs/detectors] [runs/pipeline] [runs/tracker] [runs/anonymize]``:
results and plots in the folders named (of ``fer_ros evaluate-detector``, ``evaluate-pipeline``,
``evaluate-tracker`` and ``evaluate-anonymize``) are taken over first; those of ``make bench``,
``make soak`` and ``state-bench`` lie in benchmark/results already.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from fer_ros.evaluation.detector.conditions import CONDITIONS
from fer_ros.evaluation.states.cued import cue_table
from fer_ros.evaluation.states.ways import Figures
from tools.accuracy_tables import ROOT, insert

RESULTS = ROOT / 'benchmark' / 'results'
#: document -> the tables in it, each between its two comments.
DOCUMENTS = {
    'docs/explanation/speed.md': ('faces', 'pipeline', 'latency', 'load', 'peers', 'engines'),
    'benchmark/README.md': (
        'tricks', 'growth', 'resolutions', 'nodes', 'cameras', 'viewers', 'soak'),
    'docs/explanation/emotion_state.md': ('states', 'cues', 'calm'),
    'docs/explanation/tracker.md': ('tracking', 'clips'),
    'docs/explanation/face_detector.md': (
        'detectors', 'conditions', 'cost', 'scenes', 'refiner', 'refiner_places', 'refiner_clips'),
    'docs/explanation/position.md': ('position_depth', 'position_size'),
    'docs/explanation/anonymize.md': ('in_clear', 'in_clear_clips', 'known_again', 'hiding')}
_PLOTS = {'detectors.png': 'detectors.png', 'quality.png': 'quality_gates.png',
          'anonymize.png': 'anonymize.png'}
_SIZES = {'recall_12-24': '12 to 24 px', 'recall_24-48': '24 to 48 px',
          'recall_48-96': '48 to 96 px', 'recall_96+': '96 px and more'}


def tables() -> dict[str, str]:
    """Return every table by its name, in Markdown, from the files in benchmark/results."""
    detectors = read_results('detectors')['detectors']
    scenes, bench, tracker = map(read_results, ('pipeline', 'bench', 'tracker'))
    states = read_results('state_bench')
    return {
        'faces': _side_by_side(detectors, {
            **{key: f'recall, {text} [%]' for key, text in _SIZES.items()},
            'recall_24+': 'recall, 24 px and more [%]', 'landmark_error': 'landmark error [%]',
            'ms_320x240': 'ms at 320x240', 'ms_640x480': 'ms at 640x480'}),
        'detectors': _side_by_side(detectors, {
            'ap50': 'AP 0.5, all sizes [%]',
            **{key.replace('recall', 'ap50'): f'AP 0.5, {text} [%]'
               for key, text in _SIZES.items()},
            'recall': 'recall, all sizes [%]', 'recall_24+': 'recall, 24 px and more [%]',
            'recall_24+_of_its_size': 'the same, false alarms of 24 px and more [%]',
            'recall_24+_background': 'the same, false alarms on labeled faces not counted [%]',
            **{key: f'recall, {text} [%]' for key, text in _SIZES.items()},
            'threshold': 'at the score', 'best_f1_threshold': 'score with the best F1',
            'best_f1_recall': 'recall there [%]',
            'best_f1_false_alarms': 'false alarms there',
            'false_faces_per_hour': 'false faces per hour of panning there',
            'landmark_error': 'landmark error [%]',
            'landmark_error_tilted_30': 'landmark error, camera tilted by 30 degrees [%]'}),
        'conditions': _side_by_side(detectors, {
            f'recall_{name}': f'{name.replace("_", " ")} [%]'
            for name in ('24+', 'frontal', 'turned', *CONDITIONS)}),
        'cost': _side_by_side(detectors, {
            f'{kind}_{size}': f'{text} at {size} [ms]'
            for size in ('160x120', '320x240', '640x480')
            for kind, text in (('ms', 'network'), ('cold_ms', 'network, after another one'),
                               ('whole_ms', 'whole'))}),
        'tracking': _tracking(tracker['scenes']),
        'clips': rows_to_table([{'clip': name, **row} for name, row in tracker['clips'].items()]),
        'scenes': _scenes(scenes), **_hiding(read_results('anonymize')),
        **{name: rows_to_table(bench[name]) for name in ('pipeline', 'latency', 'load')},
        'peers': rows_to_table(bench['peers']),
        'engines': rows_to_table(read_results('engines')['rows']),
        'refiner': rows_to_table(read_results('refiner')['pictures']),
        'refiner_places': rows_to_table(read_results('refiner')['no face']),
        'refiner_clips': rows_to_table(read_results('refiner')['clips']),
        **_positions(read_results('position')['rows']),
        'tricks': rows_to_table(read_results('tricks')['tricks']),
        'growth': rows_to_table(bench['faces']),
        'resolutions': rows_to_table(bench['resolutions']),
        'nodes': rows_to_table(bench['nodes']),
        'cameras': rows_to_table(read_results('cameras')['cameras']),
        'viewers': rows_to_table(read_results('dashboard')['viewers']),
        'soak': _soak(read_results('soak')),
        'states': _states(states['ways']),
        'cues': cue_table({name: Figures(**row) for name, row in states['cues'].items()}),
        'calm': rows_to_table([{name: f'{rate:.1f}' for name, rate in states[
            'clips_changes_per_minute'].items()}])}


def rows_to_table(rows: list[dict[str, Any]]) -> str:
    """Return rows as Markdown; numbers with three significant digits."""
    lines = ['| ' + ' | '.join(rows[0]) + ' |', '|' + '---|' * len(rows[0])]
    lines += ['| ' + ' | '.join(_cell(value) for value in row.values()) + ' |' for row in rows]
    return '\n'.join(lines)


def read_results(name: str) -> Any:
    """Return what a file in benchmark/results holds."""
    return json.loads((RESULTS / f'{name}.json').read_text(encoding='utf-8'))


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f'{value:.0f}' if abs(value) >= 100 or value == int(value) else f'{value:.3g}'


def _side_by_side(detectors: dict[str, dict[str, float]], keys: dict[str, str]) -> str:
    lines = ['| | ' + ' | '.join(detectors) + ' |', '|---|' + '---|' * len(detectors)]
    for key, text in keys.items():
        cells = []
        for row in detectors.values():
            value = row.get(key)
            known = value is not None and value == value
            cells.append('' if not known else f'{100 * float(value or 0):.1f}'
                         if text.endswith('[%]') else _cell(float(value or 0)))
        lines.append(f'| {text} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def _scenes(scenes: dict[str, Any]) -> str:
    return _side_by_side(scenes['detectors'], {
        'found': 'found in the scene [%]', 'accuracy_alone': 'accuracy, the face alone [%]',
        'accuracy_in_scene_aligned': 'accuracy in the scene, aligned by landmarks [%]',
        'accuracy_in_scene_unaligned': 'accuracy in the scene, cut by the box [%]',
        'same_answer_as_alone_of_found': 'same answer as alone, of those found [%]',
        'found_tilted': 'found, head tilted by 25 degrees [%]',
        'accuracy_tilted_aligned': 'accuracy then, aligned by landmarks [%]',
        'accuracy_tilted_unaligned': 'accuracy then, cut by the box [%]'})


def _hiding(results: dict[str, Any]) -> dict[str, str]:
    """Return the tables of what anonymize leaves in clear."""
    before, now = results['pictures']['analyzed'], results['pictures']['anonymize']
    sizes = {'': '24 px and more', '_12-16': '12 to 16 px', '_16-24': '16 to 24 px',
             '_24-48': '24 to 48 px', '_48-96': '48 to 96 px', '_96+': '96 px and more'}
    identity = results['identity']
    kinds = {'clear': 'in clear', **{f'{size}_px': f'in clear, {size} px' for size in (
        48, 24, 16, 12, 8)}, 'hidden': 'hidden', 'both_hidden': 'hidden, looked for among hidden'}
    return {
        'in_clear': rows_to_table([
            {'in clear [%]': condition.replace('_', ' '), 'faces of 24 px': row['faces'],
             'what is analyzed': f'{100 * before[condition]["in_clear"]:.1f}',
             **{text: f'{100 * row["in_clear" + size]:.1f}' for size, text in sizes.items()}}
            for condition, row in now.items()]),
        'in_clear_clips': rows_to_table([
            {'clip': name.replace('_', ' '), **row} for name, row in results['clips'].items()]),
        'known_again': rows_to_table([
            {'face': text, 'known again [%]': f'{100 * identity[f"known_again_{kind}"]:.1f}',
             'AUC': f'{identity[f"auc_{kind}"]:.3f}'} for kind, text in kinds.items()]),
        'hiding': rows_to_table([
            {'frame': size, **{f'{text} [ms]': results['cost'][f'{kind}_ms_{size}'] for kind, text
                               in (('analyze_and_draw', 'analyze and draw'),
                                   ('hide', 'hide, in addition'))}}
            for size in ('320x240', '640x480', '1280x720')])}


def _tracking(scenes: dict[str, dict[str, float]]) -> str:
    lines = ['| scene | IDF1 | MOTA | id switches | fragments |', '|---|---|---|---|---|']
    for name, row in scenes.items():
        lines.append(f'| {name} | {row["idf1"]:.3f} | {row["mota"]:.3f} | {row["switches"]:.2f} | '
                     f'{row["fragments"]:.1f} |')
    return '\n'.join(lines)


def _positions(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return what depth tells, and what sizes tell, in tables of their own."""
    parts = {'position_depth': ('distance', 'found', '16UC1', '32FC1'),
             'position_size': ('distance', 'size', 'looking', 'turned', 'within')}
    return {name: rows_to_table([{key: value for key, value in row.items()
                                  if key.startswith(starts)} for row in rows])
            for name, starts in parts.items()}


def _states(ways: dict[str, dict[str, dict[str, float]]]) -> str:
    lines = ['| way | rate [Hz] | detects after [s] | missed [%] | false switches / min | '
             'time wrong [%] | uncertain [%] |', '|' + '---|' * 7]
    for name, rates in ways.items():
        for rate, row in rates.items():
            lines.append(
                f'| {name} | {rate} | {row["delay"]:.2f} | {100 * row["missed"]:.0f} | '
                f'{row["false_switches"]:.1f} | {100 * row["wrong"]:.1f} | '
                f'{100 * row["uncertain"]:.1f} |')
    return '\n'.join(lines)


def _soak(soak: dict[str, Any]) -> str:
    kept = {key: value for key, value in soak.items()
            if key not in ('date', 'machine', 'rows', 'faults')}
    kept['faults'] = '; '.join(soak['faults']) or 'none'
    return '\n'.join(['| what | |', '|---|---|'] + [
        f'| {key} | {_cell(value)} |' for key, value in kept.items()])


def main() -> None:
    """Take over what is named, and write all tables."""
    for folder in map(Path, sys.argv[1:]):
        for file in folder.glob('*.json'):
            shutil.copy(file, RESULTS / file.name)
        for source, target in _PLOTS.items():
            if (folder / source).is_file():
                shutil.copy(folder / source, ROOT / 'docs' / 'images' / target)
    made = tables()
    for name, wanted in DOCUMENTS.items():
        path = ROOT / name
        path.write_text(insert(path.read_text(encoding='utf-8'), made, wanted), encoding='utf-8')


if __name__ == '__main__':
    main()
