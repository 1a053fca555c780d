"""The temperature of a network: as sure as it is right, on worse pictures too."""

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from fer_ros.datasets.emotion_data import EmotionData  # noqa: E402
from fer_ros.emotion_training import calibration  # noqa: E402
from fer_ros.emotion_training.trainer import predict  # noqa: E402
from fer_ros.evaluation.emotion.metrics import fit_temperature  # noqa: E402
from fer_ros.perception.labels import EMOTIONS  # noqa: E402


def test_worse_pictures_make_a_network_less_sure():
    """The temperature is higher than one fitted to good pictures alone."""
    class Bright(torch.nn.Module):
        """Knows dark from bright left halves, as long as it sees them."""

        def forward(self, x):
            """Answer by the mean of the left half."""
            left = x[:, 0, :, :24].mean((1, 2))
            logits = torch.stack([4 * left, -4 * left], 1)
            return logits, None, logits

    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 200)
    images = np.where((truth == 0)[:, None, None] ^ (np.arange(48) >= 24), 200, 60).repeat(48, 1)
    images = (images + generator.normal(0, 20, images.shape)).clip(0, 255).astype(np.uint8)
    truth[:20] = 1 - truth[:20]
    data = EmotionData(images, np.eye(8, dtype=np.float32)[truth], truth,
                       np.full(200, -100), np.ones(200, bool))
    worse = calibration.degraded(data)
    assert worse.images.shape == images.shape and (worse.images != images).any()
    np.testing.assert_array_equal(worse.images, calibration.degraded(data).images)
    temperature, error = calibration.calibrate(Bright().eval(), data, EMOTIONS[:2])
    alone = fit_temperature(predict(Bright().eval(), data)[0].double().numpy(), truth)
    assert temperature > alone and 0 <= error <= 1
    with pytest.raises(ValueError, match='split 1'):
        calibration.calibrate(Bright(), data.subset(np.arange(1)))
