"""A data set of real portraits with everything wrong that data sets have."""

import csv
import json

import cv2
import numpy as np
import pytest

from fer_ros.datasets import prepare as dataset
from fer_ros.datasets.checks import (
    WRONG_LABEL,
    WRONG_LABEL_NEAR,
    hash_pairs,
    near_duplicates,
    perceptual_hash,
)
from fer_ros.datasets.emotion_data import NO_LABEL, load_fer2013
from fer_ros.datasets.readers import read_csv, read_folders
from fer_ros.perception.labels import EMOTIONS

VOTE_COLUMNS = 'Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,' \
               'unknown,NF'


def variants(portrait, count, seed=0):
    """Return crops that differ enough not to be near duplicates."""
    generator = np.random.default_rng(seed)
    height, width = portrait.shape[:2]
    images = []
    for _ in range(count):
        side = int(generator.integers(height // 3, height - 2))
        y, x = generator.integers(0, height - side), generator.integers(0, width - side)
        images.append(cv2.resize(portrait[y:y + side, x:x + side], (48, 48)))
    return images


@pytest.fixture(scope='module')
def faces(astronaut, hopper):
    """Return gray crops of two portraits, 48x48."""
    return (variants(astronaut[40:220, 140:320, 1], 8), variants(hopper[60:380, 100:420, 1], 8, 1))


def write_csv(path, rows, header='emotion,pixels,Usage'):
    """Write rows of (emotion, picture, usage) as Kaggle does."""
    lines = [header] + [f'{emotion},{" ".join(map(str, image.ravel()))},{usage}'
                        for emotion, image, usage in rows]
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def run(source, output, *arguments):
    """Run the command and return the problems it lists."""
    assert dataset.main([str(source), '--output', str(output), *map(str, arguments)]) == 0
    with (output / 'problems.csv').open(encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_csv(tmp_path, faces, capsys):
    """What is wrong is listed by row; what is left is what training reads."""
    smiles, serious = faces
    rows = [(3, smiles[0], 'Training'), (6, serious[0], 'Training'),
            (3, smiles[1], 'PublicTest'), (6, serious[1], 'PrivateTest'),
            (3, smiles[1], 'Training'),                        # 6: equal to held out
            (3, smiles[0], 'Training'),                        # 7: equal to 2
            (6, serious[2], 'Training'), (4, serious[2], 'Training'),  # 8, 9: contradictory
            (6, np.full((48, 48), 7, np.uint8), 'Training')]   # 10: constant
    problems = run(write_csv(tmp_path / 'fer2013.csv', rows), tmp_path / 'out')
    assert {(p['source'], p['problem'], p['action']) for p in problems} == {
        ('fer2013.csv:6', 'duplicate across splits', 'left out'),
        ('fer2013.csv:7', 'duplicate', 'left out'),
        ('fer2013.csv:8', WRONG_LABEL, 'left out'), ('fer2013.csv:9', WRONG_LABEL, 'left out'),
        ('fer2013.csv:10', 'constant', 'left out')}
    train, public = load_fer2013(tmp_path / 'out' / 'dataset.npz')
    assert [EMOTIONS[i] for i in train.majority] == ['happy', 'neutral']
    assert len(public) == 1
    facts = json.loads((tmp_path / 'out' / 'dataset.json').read_text(encoding='utf-8'))
    assert facts['counts']['neutral'] == {'train': 1, 'held_out': 0, 'sealed': 1}
    printed = capsys.readouterr().out
    assert 'no training picture of surprise, sad' in printed
    for name in ('counts', 'samples'):
        assert (tmp_path / 'out' / f'{name}.png').stat().st_size > 5000


def test_votes(tmp_path, faces):
    """FER+ votes take the place of labels; 'not a face' is left out."""
    rows = [(3, faces[0][0], 'Training'), (6, faces[1][0], 'Training')]
    votes = tmp_path / 'fer2013new.csv'
    votes.write_text(f'{VOTE_COLUMNS}\nTraining,a.png,1,2,7,0,0,0,0,0,0,0\n'
                     'Training,,0,0,0,0,0,0,0,0,0,10\n', encoding='utf-8')
    problems = run(write_csv(tmp_path / 'f.csv', rows), tmp_path / 'out', '--votes', votes)
    assert [p['problem'] for p in problems] == ['not a face']
    train, _ = load_fer2013(tmp_path / 'out' / 'dataset.npz')
    assert train.majority.tolist() == [EMOTIONS.index('surprise')]


@pytest.mark.parametrize('rows, text', [
    ('3,1 2 3,Training', 'row 2: 3 pixels, expected 2304'),
    ('9,{},Training', "row 2: emotion is '9', allowed 0..6"),
    (',{},Training', "row 2: emotion is ''"),
    ('3,{} x,Training', "row 2: pixel 'x'"),
    ('3,{} 256,Training', "row 2: pixel '256'"),
    ('3,{},Friday', "row 2: Usage is 'Friday'"),
    ('3,{},Training\n3,1 2', 'row 3: 2 pixels'),   # cut in half
    ('', 'holds no picture')])
def test_damaged_csv(tmp_path, rows, text):
    """The file and the row are named, and nothing is written."""
    path = tmp_path / 'cut.csv'
    pixels = ' '.join(['0', '255'] * 1152)
    path.write_text(f'emotion,pixels,Usage\n{rows.format(pixels)}', encoding='utf-8')
    with pytest.raises(ValueError, match='cut.csv') as caught:
        dataset.main([str(path), '--output', str(tmp_path / 'out')])
    assert text in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ['cut.csv']


def test_damaged_rows_can_be_skipped(tmp_path, faces):
    """They are listed then."""
    path = write_csv(tmp_path / 'a.csv', [(3, image, 'Training') for image in faces[0][:3]])
    path.write_text(path.read_text(encoding='utf-8') + '3,1 2', encoding='utf-8')
    problems = run(path, tmp_path / 'out', '--skip-bad-rows')
    assert ('a.csv:5', 'damaged row') in {(p['source'], p['problem']) for p in problems}


@pytest.mark.parametrize('votes, text', [
    ('Usage,neutral\n', 'lacks the columns happiness'),
    (f'{VOTE_COLUMNS}\nTraining,a,1,2\n', 'row 2 is cut'),
    (f'{VOTE_COLUMNS}\n', 'ends before row 2'),
    (VOTE_COLUMNS + '\nTraining,a,1,2,7,0,0,0,0,0,0,0' * 3 + '\n', 'more rows')])
def test_votes_that_do_not_fit(tmp_path, faces, votes, text):
    """Too few, too many, cut."""
    path = write_csv(tmp_path / 'a.csv', [(3, faces[0][0], 'Training')])
    file = tmp_path / 'votes.csv'
    file.write_text(votes, encoding='utf-8')
    with pytest.raises(ValueError, match=text):
        read_csv(path, file, skip_bad_rows=False)


def write_folders(root, **classes):
    """Write pictures below a folder for each class; '__' stands for '/'."""
    for name, images in classes.items():
        folder = root / name.replace('__', '/')
        folder.mkdir(parents=True)
        for i, image in enumerate(images):
            cv2.imwrite(str(folder / f'{i}.png'), image)
    return root


def test_folders_in_any_language(tmp_path, faces, hopper):
    """A mapping translates; damaged pictures and other files are listed; color, any size."""
    root = write_folders(tmp_path / 'bilder', freude=faces[0][:5], 中性=[*faces[1][:4], hopper],
                         verachtung=faces[1][5:8], müll=faces[0][6:7])
    (root / 'freude' / 'cut.png').write_bytes((root / 'freude' / '0.png').read_bytes()[:80])
    (root / 'freude' / 'notes.txt').write_text('x', encoding='utf-8')
    (root / 'freude' / 'empty.jpg').touch()
    mapping = tmp_path / 'names.yaml'
    mapping.write_text('freude: happy\n中性: neutral\nVerachtung: contempt\nmüll: ignore\n',
                       encoding='utf-8')
    problems = run(root, tmp_path / 'out', '--mapping', mapping, '--validation-share', 0.3)
    kinds = {(p['source'], p['problem']) for p in problems}
    assert {('freude/cut.png', 'unreadable'), ('freude/empty.jpg', 'unreadable'),
            ('freude/notes.txt', 'no picture'), ('müll', 'ignored class')} <= kinds
    train, held_out = load_fer2013(tmp_path / 'out' / 'dataset.npz')
    assert set(held_out.majority) == {0, 1, 7}
    contempt = train.majority == 7
    assert contempt.any() and (train.labels[contempt] == NO_LABEL).all()


def test_folders_with_splits(tmp_path, faces):
    """Splits that are there are kept; an empty class is listed."""
    root = write_folders(tmp_path / 'd', train__happy=faces[0][:3], test__happy=faces[0][3:5],
                         train__sad=[])
    source = read_folders(root, {})
    assert source.has_split
    assert sorted(face.split for face in source.faces) == [0, 0, 0, 1, 1]
    assert [(p.source, p.kind) for p in source.problems] == [('train/sad', 'empty class')]


def test_unknown_classes(tmp_path, faces):
    """All folders are named at once, of all splits but once each, and the remedy."""
    root = write_folders(tmp_path / 'd', train__lustig=faces[0][:1], train__happy=faces[0][1:2],
                         test__lustig=faces[0][2:3], test__ernst=faces[1][:1])
    with pytest.raises(ValueError, match=r"2 class folders in .*'lustig', 'ernst'; known are "
                       "neutral, .*--mapping.*'lustig: happy'"):
        read_folders(root, {})
    with pytest.raises(ValueError, match=r"1 class folder .* 'ernst' \(mapped to 'seriös'\)"):
        read_folders(root, {'lustig': 'happy', 'ernst': 'seriös'})


def test_a_wrong_label_is_named(tmp_path, faces, capsys):
    """A picture in two classes, copied or saved anew: both places, on the terminal too."""
    smiles, serious = faces
    again = cv2.convertScaleAbs(serious[1], alpha=0.9, beta=8)
    root = write_folders(tmp_path / 'd', happy=[*smiles[:4], again], neutral=serious[:4],
                         sad=[smiles[2], *serious[4:6]])
    problems = run(root, tmp_path / 'out', '--validation-share', 0)
    assert [(p['source'], p['problem'], p['detail'], p['action']) for p in problems] == [
        ('happy/2.png', WRONG_LABEL, 'happy, but sad/0.png is sad', 'left out'),
        ('sad/0.png', WRONG_LABEL, 'sad, but happy/2.png is happy', 'left out'),
        ('neutral/1.png', WRONG_LABEL_NEAR, 'neutral, but happy/4.png is happy', 'kept')]
    assert ('one of two labels is wrong: happy/2.png is happy, but sad/0.png is sad; '
            'neutral/1.png is neutral, but happy/4.png is happy\n') in capsys.readouterr().out


def test_a_wrong_label_across_splits(tmp_path, faces):
    """It is no mere duplicate: the held-out picture stays, listed; the other is left out."""
    smiles, serious = faces
    again = cv2.convertScaleAbs(smiles[2], alpha=0.9, beta=8)
    root = write_folders(tmp_path / 'd', train__happy=smiles[:4], test__sad=[smiles[1], again],
                         test__neutral=serious[:1])
    problems = {(p['source'], p['problem'], p['action']) for p in run(root, tmp_path / 'out')}
    assert problems == {
        ('train/happy/1.png', WRONG_LABEL, 'left out'), ('test/sad/0.png', WRONG_LABEL, 'kept'),
        ('train/happy/2.png', WRONG_LABEL_NEAR, 'left out')}


@pytest.mark.parametrize('kind, arguments, text', [
    ('crops', ['--detect-faces'], 'cropped already? Then leave --detect-faces out'),
    ('crops', [], ''), ('whole', ['--detect-faces'], ''),
    ('whole', [], 'Then --detect-faces cuts the faces out')])
def test_crops_or_whole_pictures(tmp_path, astronaut, hopper, capsys, kind, arguments, text):
    """Who takes the one for the other is told; who does not hears nothing."""
    pictures = [astronaut[i:-i, i:-i] for i in range(10, 60, 10)]
    if kind == 'crops':  # one is too tight even for our detector
        pictures = [cv2.resize(hopper[90 + i:350, 140:390], (64, 64)) for i in range(4)]
        pictures.append(pictures[0][20:50, 16:48])
    root = write_folders(tmp_path / 'd', happy=pictures)
    run(root, tmp_path / 'out', '--validation-share', 0, *arguments)
    printed = capsys.readouterr().out
    assert text in printed and ('--detect-faces' in printed) == bool(text)


def test_whole_pictures(tmp_path, astronaut, hopper):
    """The faces are found and cut as at run time; a picture without one is listed."""
    wall = np.repeat(np.linspace(0, 255, 300).astype(np.uint8)[None], 200, 0)
    root = write_folders(tmp_path / 'd', happy=[astronaut, wall], neutral=[hopper])
    problems = run(root, tmp_path / 'out', '--detect-faces', '--validation-share', 0)
    assert [(p['source'], p['problem']) for p in problems] == [('happy/1.png', 'no face found')]
    train, held_out = load_fer2013(tmp_path / 'out' / 'dataset.npz')
    assert (len(train), len(held_out)) == (2, 0)


def test_near_duplicates(tmp_path, faces, astronaut):
    """A brighter copy and one from a JPEG are found, across splits too; other crops are not."""
    original = faces[0][0]
    copies = [cv2.convertScaleAbs(original, alpha=0.9, beta=8), cv2.imdecode(
        cv2.imencode('.jpg', original, (cv2.IMWRITE_JPEG_QUALITY, 60))[1], 0)]
    images = np.stack([original, *faces[0][1:], *copies])
    assert near_duplicates(images, 6) == [(0, 8), (0, 9), (8, 9)]
    assert near_duplicates(images[:0], 6) == []
    rows = [(3, original, 'PublicTest'), (3, copies[0], 'Training'),
            *((3, image, 'Training') for image in faces[0][1:])]
    problems = run(write_csv(tmp_path / 'a.csv', rows), tmp_path / 'out')
    assert [(p['source'], p['problem'], p['action']) for p in problems] == [
        ('a.csv:3', 'near duplicate across splits', 'left out')]
    assert (tmp_path / 'out' / 'near_duplicates.png').exists()


def test_hash_pairs_are_all_pairs():
    """The bands miss none: held to the comparison of all with all."""
    generator = np.random.default_rng(0)
    hashes = generator.random((300, 64)) < 0.5
    for i in range(100):
        hashes[200 + i] = hashes[i]
        hashes[200 + i, generator.integers(0, 64, i % 9)] ^= True
    for distance in (0, 1, 6):
        differing = (hashes[:, None] != hashes[None]).sum(2)
        expected = np.argwhere(np.triu(differing <= distance, 1))
        np.testing.assert_array_equal(hash_pairs(hashes, distance), expected)
    with pytest.raises(ValueError, match='distance of near duplicates is 21'):
        hash_pairs(hashes, 21)


def test_hash_of_nothing():
    """No pictures, no hashes."""
    assert perceptual_hash(np.empty((0, 48, 48), np.uint8)).shape == (0, 64)


def test_groups(tmp_path, faces):
    """Three classes: the others are listed and left out."""
    rows = [(3, faces[0][0], 'Training'), (6, faces[1][0], 'Training')]
    problems = run(write_csv(tmp_path / 'a.csv', rows), tmp_path / 'out', '--groups', 3)
    assert [(p['problem'], p['detail']) for p in problems] == [
        ('not among the 3 classes', 'neutral')]


def test_npz_again(tmp_path, faces):
    """What the command wrote it reads again, sources and all."""
    rows = [(3, image, 'Training') for image in faces[0][:4]]
    run(write_csv(tmp_path / 'a.csv', rows), tmp_path / 'one')
    run(tmp_path / 'one' / 'dataset.npz', tmp_path / 'two')
    first, second = (np.load(tmp_path / name / 'dataset.npz') for name in ('one', 'two'))
    for field in first.files:
        np.testing.assert_array_equal(first[field], second[field])


def test_output_is_not_overwritten(tmp_path, faces):
    """Only on demand."""
    path = write_csv(tmp_path / 'a.csv', [(3, faces[0][0], 'Training')])
    run(path, tmp_path / 'out')
    with pytest.raises(ValueError, match='--overwrite'):
        run(path, tmp_path / 'out')
    run(path, tmp_path / 'out', '--overwrite')


@pytest.mark.parametrize('name', ['none.csv', 'a.txt'])
def test_no_source(tmp_path, name):
    """Missing, or of another kind."""
    (tmp_path / 'a.txt').touch()
    with pytest.raises(ValueError, match=name):
        dataset.main([str(tmp_path / name), '--output', str(tmp_path / 'out')])


def test_fer2013(tmp_path, data_folder):
    """The real data: exact and near duplicates across the splits are found in its first rows."""
    file = data_folder / 'fer2013' / 'fer2013_train_public.npz'
    with np.load(file) as data:
        rows = np.r_[0:3000, 28322:len(data['split'])]
        fields = {key: data[key] for key in data.files}
        np.savez(tmp_path / 'part.npz', **{
            key: value[rows] for key, value in fields.items() if len(value) > rows.max()})
        equal = int((fields['same_as_public'][rows] > 0).sum())
    problems = run(tmp_path / 'part.npz', tmp_path / 'out')
    across = [p for p in problems if p['problem'] == 'duplicate across splits']
    assert len(across) >= equal > 0
    assert any(p['problem'] == 'near duplicate across splits' for p in problems)
