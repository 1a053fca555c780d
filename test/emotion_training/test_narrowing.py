"""Narrower blocks: the channels that carry nothing go first, and nothing else changes."""

import pytest

torch = pytest.importorskip('torch')

from fer_ros.emotion_training.narrowing import narrowed  # noqa: E402
from fer_ros.emotion_training.network import EmotionNetwork  # noqa: E402


def test_channels_that_carry_nothing_are_left_out():
    """The narrower network then answers as the wider one."""
    torch.manual_seed(0)
    wide, narrow = EmotionNetwork('se_resnet_small'), EmotionNetwork('se_resnet_narrow')
    shapes = narrow.state_dict()
    for name, block in wide.named_modules():
        if f'{name}.conv1.weight' in shapes:
            count = len(shapes[f'{name}.conv1.weight'])
            dead = torch.randperm(block.conv1.out_channels)[count:]
            with torch.no_grad():
                block.norm1.weight[dead] = 1e-4
                block.norm1.bias[dead] = -1.0
    narrow.load_state_dict(narrowed(wide.state_dict(), shapes))
    faces = torch.randn(4, 1, 48, 48)
    with torch.inference_mode():
        for one, other in zip(wide.eval()(faces), narrow.eval()(faces)):
            assert torch.allclose(one, other, atol=1e-4)


def test_the_same_network_keeps_its_weights():
    """Nothing is narrowed where nothing is narrower."""
    weights = EmotionNetwork('se_resnet_tiny').state_dict()
    result = narrowed(weights, weights)
    assert all(result[name] is value for name, value in weights.items())
