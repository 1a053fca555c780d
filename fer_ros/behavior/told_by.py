"""What a person's state is told by, when other cues than the face count."""

from __future__ import annotations

from fer_ros.behavior.attention import Person
from fer_ros.behavior.phrases import Phrases
from fer_ros.perception.cues import FACE
from fer_ros.perception.yaml_file import one_line

#: Face and cues agree, or disagree, from so much on.
_CLEAR = 0.15
#: So many are named.
_MOST = 4


def with_cues(reason: str, person: Person, phrases: Phrases) -> str:
    """
    Add to a reason what other cues than the face tell, if any count.

    :param reason: how the person looks.
    """
    cues = [(one_line(phrases.modality(modality), 40), one_line(phrases.look(label), 40))
            for modality, label in person.cues[:_MOST]]
    names = ', '.join(name for name, _ in cues)
    if not cues:
        return reason
    if person.cues[0][0] != FACE:
        return phrases.alone.format(reason=reason, cues=names)
    if person.cue_agreement >= _CLEAR:
        return phrases.agreeing.format(reason=reason, cues=names)
    if person.cue_agreement <= -_CLEAR:
        return phrases.conflicting.format(reason=reason, cues=', '.join(
            f'{name} ({look})' for name, look in cues))
    return reason
