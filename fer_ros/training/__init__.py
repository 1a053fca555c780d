"""What both trainings share: presets, checkpoints, schedules. Torch is allowed here."""
