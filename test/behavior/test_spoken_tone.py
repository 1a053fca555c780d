"""The SSML spoken for real, by espeak-ng: rate, pitch and volume go where the tone says."""

import ctypes

import numpy as np
import pytest

from fer_ros.behavior.dialog_tone import Tone
from fer_ros.behavior.ssml import to_ssml

espeakng_loader = pytest.importorskip('espeakng_loader', reason='speaking needs espeakng-loader')

TEXT = 'We are all here now, and nobody will ever know where you were.'
_SYNCHRONOUS_SAMPLES, _UTF8, _SSML = 2, 1, 0x10


class Voice:
    """espeak-ng's library, samples instead of sound."""

    def __init__(self):
        self.library = ctypes.cdll.LoadLibrary(espeakng_loader.get_library_path())
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate = self.library.espeak_Initialize(_SYNCHRONOUS_SAMPLES, 0, data, 0)
        assert self.rate > 0
        self.parts = []
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self.callback = kind(self.take)
        self.library.espeak_SetSynthCallback(self.callback)
        self.library.espeak_SetVoiceByName(b'en')

    def take(self, samples, count, _events):
        """Keep what was synthesized."""
        if count > 0:
            self.parts.append(np.ctypeslib.as_array(samples, (count,)).astype(float))
        return 0

    def speak(self, ssml):
        """Return the sound of a document."""
        self.parts = []
        text = ssml.encode()
        assert self.library.espeak_Synth(
            text, len(text) + 1, 0, 1, 0, _UTF8 | _SSML, None, None) == 0
        self.library.espeak_Synchronize()
        return np.concatenate(self.parts)


@pytest.fixture(scope='module')
def voice():
    """Start the synthesizer once."""
    return Voice()


def duration(sound, rate):
    """Return the time between the first and the last loud sample [s]."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return (loud[-1] - loud[0]) / rate


def pitch(sound, rate):
    """Return the median pitch of the voiced parts [Hz], by autocorrelation."""
    window, low, high = int(0.04 * rate), int(rate / 300), int(rate / 60)
    found = []
    for start in range(0, len(sound) - window, window):
        part = sound[start:start + window] - sound[start:start + window].mean()
        energy = (part ** 2).sum()
        if energy < 0.1 * window * sound.var():
            continue
        correlation = np.correlate(part, part, 'full')[window - 1:]
        lag = low + correlation[low:high].argmax()
        if correlation[lag] > 0.5 * energy:
            found.append(rate / lag)
    return float(np.median(found))


def spoken(voice, **values):
    """Return duration [s], pitch [Hz] and loudness (root mean square) of a tone."""
    sound = voice.speak(to_ssml(TEXT, Tone('test', **values)))
    return duration(sound, voice.rate), pitch(sound, voice.rate), np.sqrt((sound ** 2).mean())


@pytest.mark.parametrize('rate', [0.8, 1.25])
def test_rate(voice, rate):
    """A faster tone takes less time, about as much less as promised."""
    ratio = spoken(voice)[0] / spoken(voice, rate=rate)[0]
    assert ratio == pytest.approx(rate, rel=0.12)


@pytest.mark.parametrize('factor', [0.8, 1.25])
def test_pitch(voice, factor):
    """A higher tone is higher; espeak-ng's range differs from the factor."""
    ratio = spoken(voice, pitch=factor)[1] / spoken(voice)[1]
    assert (ratio - 1) * (factor - 1) > 0
    assert abs(ratio - 1) > 0.05


@pytest.mark.parametrize('factor', [0.6, 1.4])
def test_volume(voice, factor):
    """A louder tone is louder."""
    ratio = spoken(voice, volume=factor)[2] / spoken(voice)[2]
    assert (ratio - 1) * (factor - 1) > 0


def test_escaped_text_is_spoken(voice):
    """Text that looks like markup is read out, not swallowed."""
    plain = voice.speak(to_ssml('a', Tone('test')))
    marked = voice.speak(to_ssml('<b>bold & brave</b> a', Tone('test')))
    assert len(marked) > 2 * len(plain)
