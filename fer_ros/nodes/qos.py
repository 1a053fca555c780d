"""The quality-of-service profiles of the topics."""

from __future__ import annotations

from collections.abc import Sequence

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

_RELIABILITY = {
    'best_effort': ReliabilityPolicy.BEST_EFFORT, 'reliable': ReliabilityPolicy.RELIABLE}


def image_qos(reliability: str = 'best_effort', depth: int = 1) -> QoSProfile:
    """
    Return the profile of images: by default the newest one only, late ones not sent again.

    :raises ValueError: for an unknown reliability.
    """
    if reliability not in _RELIABILITY:
        raise ValueError(f"reliability '{reliability}' is not one of "
                         f'{", ".join(_RELIABILITY)}')
    return QoSProfile(depth=depth, reliability=_RELIABILITY[reliability])


def matching_qos(offered: Sequence[QoSProfile], depth: int = 1) -> QoSProfile:
    """
    Return the strictest profile that every publisher of a topic can serve.

    A subscription that asks for more than one of them offers would not hear that one.

    :param offered: of the publishers; none: best effort and volatile, which suits all.
    """
    reliable = all(q.reliability == ReliabilityPolicy.RELIABLE for q in offered)
    latched = all(q.durability == DurabilityPolicy.TRANSIENT_LOCAL for q in offered)
    profile = image_qos('reliable' if offered and reliable else 'best_effort', depth)
    if offered and latched:
        profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    return profile


def complete_qos(offered: Sequence[QoSProfile] = ()) -> QoSProfile:
    """
    Return the profile with which nothing is lost, as far as every publisher can serve it.

    :param offered: of the publishers; none: reliable, for whoever comes.
    """
    profile = matching_qos(offered) if offered else image_qos('reliable')
    profile.history = HistoryPolicy.KEEP_ALL
    return profile


def emotions_qos() -> QoSProfile:
    """Return the profile of EmotionArray: reliable, 10 deep."""
    return QoSProfile(depth=10)


def latched_qos() -> QoSProfile:
    """Return the profile of a value that late joiners get too."""
    return QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
