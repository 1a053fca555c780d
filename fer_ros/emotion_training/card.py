"""What the card of an exported emotion network says."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from fer_ros.emotion_training.network import EmotionNetwork
from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.perception.labels import EMOTIONS
from fer_ros.training.export import without_folders

_FER2013 = ('The pictures came from an image search and carry no license: the weights are offered '
            'for research and evaluation.')


def emotion_card(name: str, state: dict[str, Any], network: EmotionNetwork,
                 labels: Sequence[str], judged: str) -> dict[str, Any]:
    """
    Return the fields of a card, all but temperature and figures.

    :param name: of the model.
    :param state: the run's checkpoint.
    :param network: as it is exported.
    :param labels: in the order of its outputs.
    :param judged: the pictures that it is judged by, for people.
    """
    config = state['config']
    outputs = {'logits': f'the {len(labels)} labels, before temperature and softmax',
               'maps': 'class activation maps: the mean of a map is its logit'}
    if network.auxiliary is not None:
        outputs['fer2013_logits'] = (
            'second head: angry disgust fear happy sad surprise neutral')
    tuned = state.get('fine_tuning')
    return {
        'name': name, 'task': 'emotion_classification', 'labels': list(labels),
        'input_size': [48, 48], 'color': 'gray', 'layout': 'NCHW', 'normalization': 'per_image',
        'outputs': outputs, 'architecture': config['architecture'],
        'parameters': sum(p.numel() for p in network.parameters()),
        'date': datetime.date.today().isoformat(),
        'training': {'epochs': tuned['epochs'] if tuned else state['done'],
                     'preset': without_folders(config),
                     **({'share': tuned['share'], 'told': tuned['told']} if tuned else {}),
                     **({'mean_of_runs': state['mean_of']} if 'mean_of' in state else {})},
        'data': f'{learned_from(state)}; judged by {judged}.' + (
            '' if _own(state) and not tuned else f' {_FER2013}'),
        'license': 'Apache-2.0 for the file as software; see data',
    }


def learned_from(state: dict[str, Any]) -> str:
    """Return what a run learned from, for people."""
    data = state.get('data') or {}
    fer2013 = f'FER2013 training part with FER+ votes{_teachers(state["config"])}'
    if 'fine_tuning' in state:
        begun = without_folders(state['config'])['weights']
        if not state['fine_tuning']['improved']:
            return (f"the weights of '{begun}' (FER2013 training part with FER+ votes), "
                    f'unchanged: {_pictures(data)} brought nothing')
        return (f"{_pictures(data)}, tuned from '{begun}' (FER2013 training part with FER+ "
                'votes) beside its own answers to other faces')
    return _pictures(data) if _own(state) else fer2013


def figures_of(evaluation: Evaluation, labels: Sequence[str]) -> dict[str, Any]:
    """Return the figures of a network for its card: of the emotions that it knows."""
    figures = evaluation.summary()
    if len(labels) == len(EMOTIONS):
        return figures
    rows = [EMOTIONS.index(label) for label in labels]
    figures['confusion'] = [[figures['confusion'][i][j] for j in rows] for i in rows]
    for name in ('precision', 'recall', 'f1', 'support', 'calibration_error'):
        figures[name] = {label: figures[name][label] for label in labels}
    return {name: value for name, value in figures.items()
            if not name.startswith(('macro_f1_', 'fer2013'))}


def _own(state: dict[str, Any]) -> bool:
    """Tell a run on people's own pictures; an older checkpoint does not say, and is FER2013's."""
    return not (state.get('data') or {}).get('votes', True)


def _pictures(data: dict[str, Any]) -> str:
    counts = ', '.join(f'{name} {count}' for name, count in data['emotions'].items())
    return f"{data['pictures']} pictures of '{data['file']}' ({counts})"


def _teachers(config: dict[str, Any]) -> str:
    """Return who taught a network, for its card."""
    if 'teachers' not in config:
        return ''
    faces = f" and on {config['unlabeled']} faces without labels" if 'unlabeled' in config else ''
    return f", the answers of {' and '.join(config['teachers'])} to it{faces}"
