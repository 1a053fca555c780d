"""
Write the four figures that decide into the README: ``python -m tools.summary_table``.

They come from benchmark/results; the pages that they link to have the whole tables.
"""

from __future__ import annotations

from tools.accuracy_tables import ROOT, insert
from tools.speed_tables import read_results, rows_to_table

#: document -> the tables in it, each between its two comments.
DOCUMENTS = {'README.md': ('summary',)}


def tables() -> dict[str, str]:
    """Return the table by its name, in Markdown."""
    return {'summary': rows_to_table([_accuracy(), _speed(), _latency(), _states()])}


def _row(what: str, ours: str, beside: str, link: str, target: str) -> dict[str, str]:
    return {'what': what, 'fer_ros': ours, 'beside it': beside,
            'table and command': f'[{link}](docs/explanation/{target})'}


def _accuracy() -> dict[str, str]:
    models = read_results('evaluation')['models']
    ours, int8, peer = (
        f'{100 * models[name]["accuracy_on_clear_majority"]:.1f} % and '
        f'{100 * models[name]["fer2013_accuracy"]:.1f} %'
        for name in ('fer_ros_emotion', 'fer_ros_emotion_int8', 'mini_XCEPTION'))
    return _row('accuracy on clear FER+ majorities, and on FER2013 labels',
                f'{ours}, in 8 bits {int8}', f'mini_XCEPTION: {peer}', 'accuracy',
                'accuracy.md#emotions')


def _speed() -> dict[str, str]:
    row = next(row for row in read_results('bench')['peers'] if row['faces'] == 1)
    ours = (f'{row["ours, int8 [ms]"]:.3g} ms, '
            f'{row["ours, int8, whole pictures [ms]"]:.3g} ms with a search of each whole frame')
    return _row('one frame, 640x480, one face, one core, every frame looked at', ours,
                f'YuNet and big_XCEPTION: {row["peer [ms]"]:.3g} ms', 'speed',
                'speed.md#beside-the-usual-stack')


def _latency() -> dict[str, str]:
    rows = {row['what']: row for row in read_results('bench')['latency']
            if row['size'] == '640x480'}
    ours, floor = (f'{rows[name]["p50 [ms]"]:.3g} ms, p99 {rows[name]["p99 [ms]"]:.3g} ms'
                   for name in ('emotion_node', 'floor'))
    return _row('image published to `emotions` received, median', ours,
                f'a process that only echoes headers: {floor}', 'latency',
                'speed.md#from-camera-to-answer')


def _states() -> dict[str, str]:
    ways = read_results('state_bench')['ways']
    ours, usual = (f'{ways[name]["30"]["delay"]:.1f} s, '
                   f'{ways[name]["30"]["false_switches"]:.1f} false switches a minute'
                   for name in ('exponential (default)', 'majority of 10 frames'))
    return _row('a change of mood is detected after (30 Hz)', ours,
                f'majority of ten frames: {usual}', 'states',
                'emotion_state.md#how-the-defaults-were-chosen')


def main() -> None:
    """Write the table anew."""
    for name, wanted in DOCUMENTS.items():
        path = ROOT / name
        path.write_text(insert(path.read_text(encoding='utf-8'), tables(), wanted),
                        encoding='utf-8')


if __name__ == '__main__':
    main()
