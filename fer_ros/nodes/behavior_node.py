"""behavior_node: emotion states in, dialog tone and SSML out."""

from __future__ import annotations

import math
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Bool, Header, String
from std_srvs.srv import Trigger

from fer_ros.behavior.dialog import Dialog, DialogState
from fer_ros.behavior.group_mood import group_mood
from fer_ros.behavior.notice import Notices
from fer_ros.behavior.phrases import ENGLISH, OPTED_OUT
from fer_ros.behavior.situation import Situation
from fer_ros.behavior.ssml import to_ssml
from fer_ros.behavior.stopwatch import Stopwatch
from fer_ros.nodes import behavior_parameters
from fer_ros.nodes.clock_watch import ClockWatch
from fer_ros.nodes.conversions import people_of, seconds_to_stamp, stamp_to_seconds
from fer_ros.nodes.diagnostics import publish_status
from fer_ros.nodes.parameter_specs import declare
from fer_ros.nodes.qos import emotions_qos, latched_qos
from fer_ros.nodes.running import run_node
from fer_ros.nodes.usage import usage
from fer_ros.perception.types import UNCERTAIN
from fer_ros.perception.yaml_file import one_line
from fer_ros_msgs.msg import DialogTone, EmotionArray, GroupMood, Notice
from fer_ros_msgs.srv import SetTone

#: Without emotions, or with a clock that stands, for longer, diagnostics warn [s].
_PATIENCE = 5.0


class BehaviorNode(Node):
    """
    Chooses the robot's tone, and tells whom it is for and what the robot sees.

    The stamps of the images drive the policy. While no EmotionArray comes, a timer moves the
    policy's time on by what the node's clock has counted since the last one. How long an
    operator's tone and an utterance last is counted by the node's clock.
    """

    def __init__(self, node_name: str = 'behavior_node', **kwargs: Any) -> None:
        super().__init__(node_name, **kwargs)
        declare(self, behavior_parameters.SPECS)
        self.config = behavior_parameters.read_config(self)
        self.dialog, self.notices = Dialog(self.config.policy), Notices()
        self._last_stamp: float | None = None
        self._silence, self._utterance, self._operator = Stopwatch(), Stopwatch(), Stopwatch()
        self._operators_time, self._speaking = math.inf, False
        self._tone = self.create_publisher(DialogTone, 'dialog/tone', latched_qos())
        # Not latched: what was meant for somebody is not said to who is there later.
        self._last_notice = '', ''
        self._notice = self.create_publisher(Notice, 'dialog/notice', 10)
        self._unheard: tuple[Situation, Header] | None = None
        self._ssml = self.create_publisher(String, 'dialog/ssml', 10)
        self.create_subscription(EmotionArray, 'emotions', self._on_emotions, emotions_qos())
        self.create_subscription(String, 'dialog/text', self._on_text, 10)
        self.create_subscription(Bool, 'dialog/speaking', self._on_speaking, 10)
        self.create_subscription(String, 'dialog/addressee', self._on_addressee, 10)
        self._mood = self.create_publisher(GroupMood, 'emotions/group', emotions_qos())
        self.create_service(SetTone, '~/set_tone', self._on_set_tone)
        self.create_service(Trigger, '~/suggest', self._on_suggest)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._clock_watch = ClockWatch(self)
        self.add_on_set_parameters_callback(self._on_parameters)
        self.create_timer(0.2, self._on_timer)
        self.create_timer(1.0, self._publish_diagnostics,
                          clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._silence.start(self._now())
        # Late joiners are to find a tone from the start.
        self._publish(self.dialog.update(self._now(), []))
        self._check_phrases()

    def _on_emotions(self, message: EmotionArray) -> None:
        stamp, now = stamp_to_seconds(message.header), self._now()
        self._last_stamp = stamp
        self._silence.start(now)
        self._end_what_is_over(now)
        people = people_of(message)
        self.notices.see(stamp, people)
        self._publish(self.dialog.update(stamp, people), message.header.frame_id)
        mood = group_mood(people)
        self._mood.publish(GroupMood(
            header=message.header, people=mood.people, label=mood.label, share=mood.share,
            valence=mood.valence, arousal=mood.arousal))

    def _on_timer(self) -> None:
        """Let time pass, for the policy too while no image comes."""
        now = self._now()
        self._end_what_is_over(now)
        if self._unheard and self._notice.get_subscription_count() and (
                not self.dialog.policy.speaking):
            self._give_notice(*self._unheard)
        if self._last_stamp is None:
            self._publish(self.dialog.update(now, []))
        elif self._silence.elapsed(now) > 0.5:
            self._publish(self.dialog.idle(self._policy_time(now)))

    def _policy_time(self, now: float) -> float:
        """Return what the next image's stamp would be [s]."""
        return now if self._last_stamp is None else (
            self._last_stamp + self._silence.elapsed(now))

    def _end_what_is_over(self, now: float) -> None:
        if self._operator.elapsed(now) >= self._operators_time:
            self._operators_time = math.inf
            self.dialog.policy.release()
        if self.dialog.policy.speaking and (
                self._utterance.elapsed(now) >= self.config.longest_utterance):
            self.get_logger().warning(
                f'dialog/speaking has been true for {self._utterance.elapsed(now):.0f} s: taken '
                'as forgotten (longest_utterance); the tone changes again')
            self._publish(self.dialog.set_speaking(False))

    def _on_text(self, message: String) -> None:
        decision = self.dialog.policy.decision
        assert decision is not None
        self._ssml.publish(String(data=to_ssml(
            message.data, decision.tone, self.config.language, self._on_refused)))

    def _on_refused(self, reason: str) -> None:
        self.get_logger().warning(
            f'a <speak> document on dialog/text is spoken as plain text: {reason} (said once)',
            once=True)

    def _on_speaking(self, message: Bool) -> None:
        """Only a change counts: true said again does not keep a forgotten utterance alive."""
        if message.data != self._speaking:
            self._speaking = message.data
            self._utterance.start(self._now())
            self._publish(self.dialog.set_speaking(message.data))

    def _on_addressee(self, message: String) -> None:
        """Somebody else knows whom the robot talks to; an empty id gives the choice back."""
        self.dialog.policy.attention.addressee = message.data

    def _on_set_tone(self, request: SetTone.Request,
                     response: SetTone.Response) -> SetTone.Response:
        try:
            self._publish(self._operate(request.tone, request.duration), answers=False)
            response.success = True
        except ValueError as error:
            response.message = str(error)
        return response

    def _operate(self, tone: str, duration: float) -> DialogState | None:
        if not tone:
            self._operators_time = math.inf
            self.dialog.policy.release()
            return None
        if not duration >= 0:
            raise ValueError(f'duration is {duration:g} s, must be 0 or more')
        now = self._now()
        state = self.dialog.override(tone, self._policy_time(now))
        self._operators_time = duration or math.inf
        self._operator.start(now)
        return state

    def _on_suggest(self, _request: Trigger.Request,
                    response: Trigger.Response) -> Trigger.Response:
        """Answer with a suggestion that fits the tone, or why there is none."""
        suggestion = self.dialog.suggest(self._policy_time(self._now()))
        decision = self.dialog.policy.decision
        assert decision is not None
        response.success = bool(suggestion)
        response.message = suggestion or (
            f"all suggestions of tone '{decision.tone.name}' were made less than "
            f'{self.config.policy.suggestion_interval:g} s ago (suggestion_interval)'
            if decision.tone.suggestions else
            f"tone '{decision.tone.name}' has no suggestions in the policy file")
        return response

    def _on_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        try:
            config = behavior_parameters.read_config(
                self, {p.name: p.value for p in changed}, self.config.texts_in)
        except (ValueError, FileNotFoundError) as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._warn_of_language(config)
        self.config = config
        self._check_phrases()
        self._publish(self.dialog.reconfigure(config.policy))
        return SetParametersResult(successful=True)

    def _warn_of_language(self, config: behavior_parameters.BehaviorConfig) -> None:
        """Say when the texts come to be in another language than the parameter says."""
        now, before = ((c.language, c.texts_in) for c in (config, self.config))
        if now != before and config.language != config.texts_in:
            self.get_logger().warning(one_line(
                f"language is '{config.language}', but the policy has no text in it: its texts "
                f"are in '{config.texts_in}' until policy_file or language is set to one that "
                'fits'))

    def _check_phrases(self) -> None:
        language = self.config.language
        if language.split('-')[0] != 'en' and self.config.policy.phrases == ENGLISH:
            self.get_logger().warning(
                f"no phrases in '{language}': situation and reason are in English; give your own "
                'below phrases in policy_file', once=True)

    def _publish(self, state: DialogState | None, frame_id: str = '',
                 answers: bool = True) -> None:
        """Tell the tone; if it answers to somebody, the notice goes first."""
        if state is None:
            return
        tone, reason, seen = state.decision.tone, state.decision.reason, state.situation
        message = DialogTone(
            person_id=seen.person_id, confidence=seen.confidence,
            emotion=UNCERTAIN if seen.emotion == OPTED_OUT else seen.emotion,
            tone=tone.name, rate=tone.rate, pitch=tone.pitch, volume=tone.volume,
            style_prompt=tone.style_prompt, situation=state.sentence,
            suggestion=state.suggestion, reason=reason)
        message.header.stamp = seconds_to_stamp(state.stamp)
        message.header.frame_id = frame_id
        if answers:
            self._give_notice(seen, message.header)
        self._tone.publish(message)
        if state.is_new_tone:
            self.get_logger().info(one_line(f'tone {tone.name}: {reason}'))

    def _give_notice(self, seen: Situation, header: Header) -> None:
        """Have somebody told that faces are read; again, once somebody listens who can say it."""
        text, self._unheard = self.config.policy.notice, None
        if not text or seen.emotion == OPTED_OUT or not self.notices.is_due(seen.person_id):
            return
        self._notice.publish(Notice(
            header=header, person_id=seen.person_id, language=self.config.texts_in, text=text))
        if self._notice.get_subscription_count():
            self.notices.told(seen.person_id)
            self._last_notice = seen.person_id, text
        else:
            self._unheard = seen, header

    def _publish_diagnostics(self) -> None:
        now, decision = self._now(), self.dialog.policy.decision
        assert decision is not None
        troubles = [trouble for trouble in (
            self._clock_watch.trouble(_PATIENCE), self._forgotten_utterance(now),
            self._no_emotions(now)) if trouble]
        values = {'tone': decision.tone.name, 'reason': one_line(decision.reason),
                  'tones': ', '.join(self.config.policy.tones),
                  'told last': self._last_notice[0], 'last notice': self._last_notice[1],
                  'set by the operator': str(self.dialog.policy.overridden),
                  'speaking [s]': f'{self._utterance.elapsed(now):.0f}' if self._speaking else ''}
        publish_status(
            self._diagnostics, self, DiagnosticStatus.WARN if troubles else DiagnosticStatus.OK,
            '; '.join(troubles) or f'tone {decision.tone.name}', values, 'dialog')

    def _forgotten_utterance(self, now: float) -> str:
        if not self._speaking or self.dialog.policy.speaking:
            return ''
        return (f'dialog/speaking has been true for {self._utterance.elapsed(now):.0f} s, longer '
                f'than longest_utterance ({self.config.longest_utterance:g} s), and is taken as '
                'forgotten: publish false at the end of each utterance')

    def _no_emotions(self, now: float) -> str:
        silence = self._silence.elapsed(now)
        if silence < _PATIENCE:
            return ''
        topic = self.resolve_topic_name('emotions')
        return (f'no emotions for {silence:.0f} s: {self.count_publishers(topic)} publishers on '
                f'{topic}')

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop."""
    return run_node('behavior_node', BehaviorNode, args,
                    usage('behavior_node', __doc__ or '', behavior_parameters.SPECS))


if __name__ == '__main__':
    sys.exit(main())
