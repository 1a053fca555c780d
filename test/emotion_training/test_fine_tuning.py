"""Own pictures: the network gets better or stays, and what they prove is said."""

import json

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch')

from own_pictures import two_portraits, write_own  # noqa: E402

from fer_ros.commands import train  # noqa: E402
from fer_ros.emotion_training.export import load_network  # noqa: E402
from fer_ros.emotion_training.export import main as export  # noqa: E402
from fer_ros.emotion_training.network import EmotionNetwork  # noqa: E402
from fer_ros.emotion_training.old_knowledge import OldKnowledge, other_faces  # noqa: E402
from fer_ros.emotion_training.trainer import predict  # noqa: E402
from fer_ros.emotion_training.tuning import Candidate, candidates, mixed  # noqa: E402
from fer_ros.emotion_training.tuning_choice import Trials  # noqa: E402
from fer_ros.perception.emotion_classifier import EmotionClassifier  # noqa: E402
from fer_ros.resources import resource_path  # noqa: E402
from fer_ros.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402

torch.set_num_threads(1)  # tiny batches: threads would only wait for each other


def preset(path, **changes):
    """Write the preset that ships, for a tiny network."""
    config = yaml.safe_load(
        resource_path('config/training/finetune.yaml').read_text(encoding='utf-8'))
    path.write_text(yaml.safe_dump({
        **config, 'architecture': 'se_resnet_tiny', 'epochs': 12, 'folds': 2, 'batch_size': 16,
        'learning_rate': 0.05, 'ema_decay': 0.8, 'dropout': 0.0, 'kept': 0.0, **changes}))
    return path


@pytest.fixture(scope='module')
def own(tmp_path_factory, astronaut, hopper):
    """Write pictures of two people and the weights of a network that knows nothing yet."""
    folder = tmp_path_factory.mktemp('own')
    write_own(two_portraits(astronaut, hopper, 80), folder / 'dataset.npz')
    torch.manual_seed(0)
    network = EmotionNetwork('se_resnet_tiny')
    save_checkpoint(folder / 'old.pt', {
        'config': {'architecture': 'se_resnet_tiny', 'dropout': 0, 'drop_path': 0},
        'weights': network.state_dict(), 'done': 1, 'temperature': 0.8})
    preset(folder / 'p.yaml')
    return folder


def command(own, output, data=None):
    """Return the arguments of a run."""
    return ['--preset', 'finetune', '--config', str(own / 'p.yaml'), '--weights',
            str(own / 'old.pt'), '--data', str(data or own), '--output', str(output)]


@pytest.fixture(scope='module')
def tuned(own, tmp_path_factory):
    """Tune on them."""
    output = tmp_path_factory.mktemp('tuned')
    assert train.main(command(own, output)) == 0
    return output


def test_what_gets_better_is_taken(own, tuned):
    """Before and after are told in figures and words, and which candidates there were."""
    told = json.loads((tuned / 'before_and_after.json').read_text())
    assert told['improved'] and told['epochs'] > 0
    assert 'Your 60 pictures improve it' in told['told']
    assert [row['pictures'] for row in told['comparisons']] == [60, 20, 160]
    assert told['comparisons'][1]['after'] > told['comparisons'][1]['before']
    assert told['data']['emotions'] == {'neutral': 30, 'happy': 30}
    lines = (tuned / 'candidates.csv').read_text().splitlines()
    assert len(lines) == 1 + 1 + 3 * 2
    state = load_checkpoint(tuned / 'checkpoint.pt')
    assert state['fine_tuning']['temperature'] == 0.8 and state['data']['pictures'] == 60


def test_the_card_tells_the_own_pictures(own, tuned, tmp_path, capsys):
    """Not FER2013's; the temperature that the network had stays with so few."""
    model = tmp_path / 'mine.onnx'
    assert export(['--checkpoint', str(tuned / 'checkpoint.pt'), '--data', str(own), '--quick',
                   '--any-portraits', '--output', str(model)]) == 0
    assert '20 held-out pictures are too few' in capsys.readouterr().out
    card = EmotionClassifier(model).card
    assert card.name == 'mine' and card.temperature == 0.8
    assert card.extra['data'].startswith(f"60 pictures of '{own.name}' (neutral 30, happy 30), "
                                         "tuned from 'old.pt'")
    assert 'improve' in card.extra['training']['told']
    assert card.metrics['data'] == f"20 held-out pictures of '{own.name}'"
    _, again = load_network(model.with_suffix('.pt'))
    assert again['fine_tuning']['improved'] and again['temperature'] == 0.8


def test_what_gets_no_better_stays(own, astronaut, hopper, tmp_path, capsys):
    """Nothing to learn that it does not know: bit for bit the old one, and the words for it."""
    data = two_portraits(astronaut, hopper, 40)
    old, _ = load_network(own / 'old.pt')
    data.majority[:] = predict(old, data)[0].argmax(1)
    assert train.main(command(own, tmp_path / 'run',
                              write_own(data, tmp_path / 'known.npz'))) == 0
    assert 'prove nothing' in capsys.readouterr().out
    network, state = load_network(tmp_path / 'run' / 'checkpoint.pt')
    assert not state['fine_tuning']['improved']
    for key, value in load_checkpoint(own / 'old.pt')['weights'].items():
        torch.testing.assert_close(network.state_dict()[key], value, rtol=0, atol=0)


def test_a_finished_run_and_other_data(own, tuned, astronaut, hopper, tmp_path, capsys):
    """The same data: the table again, nothing done; other data or another preset: refused."""
    before = (tuned / 'checkpoint.pt').read_bytes()
    assert train.main(command(own, tuned)) == 0
    printed = capsys.readouterr().out
    assert 'nothing done' in printed and 'improve it' in printed
    assert (tuned / 'checkpoint.pt').read_bytes() == before
    other = write_own(two_portraits(astronaut, hopper, 48), tmp_path / 'other.npz')
    with pytest.raises(ValueError, match=rf"trained on '{own.name}' \(60 .*not on 'other.npz'"):
        train.main(command(own, tuned, other))
    with pytest.raises(ValueError, match='another configuration'):
        train.main([*command(own, tuned), '--folds', '3'])


def test_a_killed_run_goes_on_with_the_next_fold(own, tuned, tmp_path, capsys):
    """Folds that are done are not done again; a damaged or another run's one is."""
    (tmp_path / 'folds').mkdir()
    done = tmp_path / 'folds' / '0.npz'
    done.write_bytes((tuned / 'folds' / '0.npz').read_bytes())
    written = done.stat().st_mtime_ns
    (tmp_path / 'folds' / '1.npz').write_bytes(done.read_bytes()[:500])
    assert train.main(command(own, tmp_path)) == 0
    assert 'resumed: 1 of 2 folds are done' in capsys.readouterr().out
    assert done.stat().st_mtime_ns == written
    first, second = (load_checkpoint(folder / 'checkpoint.pt')['fine_tuning']['comparisons']
                     for folder in (tuned, tmp_path))
    assert first[0] == second[0]


@pytest.mark.parametrize('changes, text', [
    ({'folds': None, 'kept': None}, 'lacks folds, kept: begin with a copy of config'),
    ({'shares': [0.5, 2]}, r'shares is \[0.5, 2\], each must be')])
def test_a_preset_that_does_not_fit(own, tmp_path, changes, text):
    """What is missing or wrong is named before anything is trained."""
    preset(tmp_path / 'p.yaml', **changes)
    with pytest.raises(ValueError, match=text):
        train.main([*command(own, tmp_path / 'run'), '--config', str(tmp_path / 'p.yaml')])


def test_a_folder_of_pictures(own, astronaut, hopper, tmp_path, capsys):
    """It is cleaned first; too few different ones are refused, and the number is named."""
    data = two_portraits(astronaut, hopper, 12)
    for i, (image, emotion) in enumerate(zip(data.images, data.majority)):
        folder = tmp_path / 'pictures' / ('happy' if emotion else 'neutral')
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f'{i}.png'), image)
    with pytest.raises(ValueError, match='different training pictures with an emotion: at least'):
        train.main(command(own, tmp_path / 'run', tmp_path / 'pictures'))
    assert '10 of your pictures to learn from, 2 held out' in capsys.readouterr().out
    assert (tmp_path / 'run' / 'data' / 'problems.csv').exists()


def test_the_choice_keeps_most_of_what_is_equally_good():
    """What is right most often, never what forgets too much; each fold by the others."""
    truth = np.zeros(100, int)
    logits = np.zeros((4, 100, 8), np.float32)
    for candidate, wrong in enumerate((50, 12, 10, 0)):
        logits[candidate, :wrong, 1] = 1
    trials = Trials([Candidate(0, 0), Candidate(1, 0.5), Candidate(1, 1), Candidate(2, 1)],
                    logits, np.array([1, 0.97, 0.92, 0.5]), np.arange(100) % 5, np.arange(100))
    everything = np.ones(100, bool)
    assert trials.best(truth, everything, 0.9) == 2
    assert trials.best(truth, everything, 0.4) == 3
    assert trials.best(truth, everything, 0.98) == 0
    logits[1] = logits[2]
    assert trials.best(truth, everything, 0.9) == 1  # as good, and keeps more
    assert trials.cross_fitted(truth, 0.9).sum() == 90


def test_between_two_networks():
    """0 is the old one, 1 the tuned one; counters are the old one's."""
    old, new = EmotionNetwork('se_resnet_tiny').state_dict(), EmotionNetwork(
        'se_resnet_tiny').state_dict()
    torch.testing.assert_close(mixed(old, new, 0.0), old)
    torch.testing.assert_close(mixed(old, new, 1.0), new)
    half = mixed(old, new, 0.5)['head.weight']
    torch.testing.assert_close(half, (old['head.weight'] + new['head.weight']) / 2)


@pytest.mark.parametrize('pictures, epochs', [(10, [10, 20, 40]), (500, [2, 3, 6]),
                                              (90000, [1, 2, 4])])
def test_large_sets_get_fewer_epochs(pictures, epochs):
    """The old network is the first candidate."""
    config = {'epochs': 40, 'most_steps': 100, 'batch_size': 32, 'shares': [0.5, 1]}
    every = candidates(config, pictures)
    assert every[0] == Candidate(0, 0) and len(every) == 7
    assert sorted({one.epochs for one in every}) == [0, *epochs]


def test_other_faces_judge_what_is_kept():
    """The old network keeps all of it, an untrained one little; none of the faces is learned."""
    old, _ = load_network(resource_path('models/emotion.pt'))
    old = old.to(memory_format=torch.channels_last)
    assert other_faces().shape == (100, 48, 48)
    knowledge = OldKnowledge(old, 1)
    assert knowledge.kept(old).shape == (40, 4) and knowledge.kept(old).all()
    torch.manual_seed(0)
    assert knowledge.kept(EmotionNetwork().eval()).mean() < 0.6
    assert knowledge.votes.shape == (len(knowledge.images), 8)
    assert torch.allclose(knowledge.votes.sum(1), torch.ones(len(knowledge.images)), atol=1e-3)
