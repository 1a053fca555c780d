"""
What somebody says counts beside their face: a cue from the words of a dialog, by VADER.

Needs vaderSentiment (MIT, nothing to download; English only). Run: python3 <this file>; then:
``ros2 topic pub --once dialog/heard std_msgs/String 'data: This is wonderful!'``
"""

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from std_msgs.msg import String

from fer_ros_msgs.msg import Cue

#: Words tell whether somebody feels well or not; of what is bad they do not tell which.
GOOD, BAD = ('happy',), ('sad', 'angry', 'fear', 'disgust', 'contempt')
LABELS = ('neutral', 'surprise', *GOOD, *BAD)
#: Weaker words are no cue: "yes" has 0.40, "thanks" 0.44. The strongest make an emotion that they
#: fit so many times likelier than another: a guess on the careful side, since VADER errs little on
#: tweets, for which it was made, but in a third of other texts (Hutto and Gilbert 2014).
WEAKEST, STRONGEST = 0.45, 10.0


def probabilities(compound):
    """
    Return a probability for each of LABELS, None for words that tell of no feeling.

    :param compound: VADER's score, -1 (bad) to 1 (good).
    """
    if abs(compound) < WEAKEST:
        return None
    meant = GOOD if compound > 0 else BAD
    odds = [STRONGEST ** abs(compound) if label in meant else 1.0 for label in LABELS]
    return [one / sum(odds) for one in odds]


def main():
    """Publish a cue for each sentence that has one."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        sys.exit('words_cue needs vaderSentiment: pip install vaderSentiment')
    rclpy.init()
    node = rclpy.create_node('words_cue')
    cues, analyzer = node.create_publisher(Cue, 'cues', 10), SentimentIntensityAnalyzer()

    def on_heard(heard):
        shares = probabilities(analyzer.polarity_scores(heard.data)['compound'])
        if shares is not None:
            # About the person whom the robot talks to, now: no id, no stamp. If your speech
            # recognition knows who spoke, and when: person_id, header.stamp.
            cues.publish(Cue(modality=Cue.WORDS, labels=LABELS, probabilities=shares))
            print(f'cue: {dict(zip(LABELS, (round(s, 2) for s in shares)))}', flush=True)

    node.create_subscription(String, 'dialog/heard', on_heard, 10)
    rclpy.spin(node)


if __name__ == '__main__':
    try:
        main()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
