"""behavior_node: emotion states in, dialog tone and SSML out."""

from __future__ import annotations

import sys
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from std_msgs.msg import Bool, String

from fer_ros.behavior.dialog_tone import to_ssml
from fer_ros.behavior.group_mood import group_mood
from fer_ros.behavior.tone_policy import ToneDecision, TonePolicy
from fer_ros.nodes import behavior_parameters
from fer_ros.nodes.conversions import people_of, stamp_to_seconds
from fer_ros.nodes.parameter_specs import declare
from fer_ros.nodes.qos import emotions_qos, latched_qos
from fer_ros.nodes.running import run_node
from fer_ros_msgs.msg import DialogTone, EmotionArray, GroupMood
from fer_ros_msgs.srv import SetTone


class BehaviorNode(Node):
    """
    Chooses the robot's tone.

    The stamps of the images drive the policy. While no EmotionArray comes, a timer moves the
    policy's time on by what the node's clock has counted since the last one.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__('behavior_node', **kwargs)
        declare(self, behavior_parameters.SPECS)
        self.config = behavior_parameters.read_config(self)
        self.policy = TonePolicy(self.config.policy)
        self._last_stamp: float | None = None
        self._last_arrival = 0.0
        self._tone = self.create_publisher(DialogTone, 'dialog/tone', latched_qos())
        self._ssml = self.create_publisher(String, 'dialog/ssml', 10)
        self.create_subscription(EmotionArray, 'emotions', self._on_emotions, emotions_qos())
        self.create_subscription(String, 'dialog/text', self._on_text, 10)
        self.create_subscription(Bool, 'dialog/speaking', self._on_speaking, 10)
        self.create_subscription(String, 'dialog/addressee', self._on_addressee, 10)
        self._mood = self.create_publisher(GroupMood, 'emotions/group', emotions_qos())
        self.create_service(SetTone, '~/set_tone', self._on_set_tone)
        self.add_on_set_parameters_callback(self._on_parameters)
        self.create_timer(0.5, self._on_timer)
        # Late joiners are to find a tone from the start.
        self._publish(self.policy.update(self._now(), []))

    def _on_emotions(self, message: EmotionArray) -> None:
        stamp = stamp_to_seconds(message.header)
        self._last_stamp, self._last_arrival = stamp, self._now()
        people = people_of(message)
        self._publish(self.policy.update(stamp, people), message.header.frame_id)
        mood = group_mood(people)
        self._mood.publish(GroupMood(
            header=message.header, people=mood.people, label=mood.label, share=mood.share,
            valence=mood.valence, arousal=mood.arousal))

    def _on_timer(self) -> None:
        """Let time pass for the policy while no image comes."""
        if self._last_stamp is None:
            return
        silent = self._now() - self._last_arrival
        if silent < 0:  # the simulation began anew
            self._last_arrival = self._now()
        elif silent > 0.5:
            self._publish(self.policy.idle(self._last_stamp + silent))

    def _on_text(self, message: String) -> None:
        assert self.policy.decision is not None
        self._ssml.publish(String(data=to_ssml(
            message.data, self.policy.decision.tone, self.config.language)))

    def _on_speaking(self, message: Bool) -> None:
        self._publish(self.policy.set_speaking(message.data))

    def _on_addressee(self, message: String) -> None:
        """Somebody else knows whom the robot talks to; an empty id gives the choice back."""
        self.policy.attention.addressee = message.data

    def _on_set_tone(self, request: SetTone.Request,
                     response: SetTone.Response) -> SetTone.Response:
        try:
            self._publish(self.policy.override(request.tone, request.duration))
            response.success = True
        except ValueError as error:
            response.message = str(error)
        return response

    def _on_parameters(self, changed: list[Parameter]) -> SetParametersResult:
        try:
            config = behavior_parameters.read_config(self, {p.name: p.value for p in changed})
        except (ValueError, FileNotFoundError) as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.config = config
        self._publish(self.policy.reconfigure(config.policy))
        return SetParametersResult(successful=True)

    def _publish(self, decision: ToneDecision | None, frame_id: str = '') -> None:
        if decision is None:
            return
        tone = decision.tone
        message = DialogTone(
            person_id=decision.person_id, emotion=decision.emotion,
            confidence=decision.confidence, tone=tone.name, rate=tone.rate, pitch=tone.pitch,
            volume=tone.volume, style_prompt=tone.style_prompt,
            suggestion=decision.suggestion, reason=decision.reason)
        message.header.stamp = Time(
            nanoseconds=max(round(decision.stamp * 1e9), 0)).to_msg()
        message.header.frame_id = frame_id
        self._tone.publish(message)
        self.get_logger().info(f'tone {tone.name}: {decision.reason}')

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop."""
    return run_node('behavior_node', BehaviorNode, args)


if __name__ == '__main__':
    sys.exit(main())
