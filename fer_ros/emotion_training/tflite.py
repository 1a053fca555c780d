"""The emotion network as TensorFlow Lite file, by Google's converter for torch (litert-torch)."""

from __future__ import annotations

from pathlib import Path

import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter

from fer_ros.datasets.emotion_data import EmotionData
from fer_ros.emotion_training.network import EmotionNetwork
from fer_ros.evaluation.emotion.evaluation import Evaluation
from fer_ros.perception.preprocessing import normalize


def export_tflite(network: EmotionNetwork, path: Path, side: int = 48) -> None:
    """Write the network for one face, float32 (1, 1, side, side), outputs as in ONNX."""
    network = network.eval().to(memory_format=torch.contiguous_format)
    litert_torch.convert(network, (torch.zeros(1, 1, side, side),)).export(str(path))


def judge_tflite(path: Path, data: EmotionData, temperature: float) -> Evaluation:
    """Load the file again, one face at a time, and judge it."""
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    signature = interpreter.get_input_details()[0]['index']
    outputs = {tuple(output['shape']): output['index']
               for output in interpreter.get_output_details()}
    rows: dict[int, list[np.ndarray]] = {8: [], 7: []}
    for face in normalize(data.images, 'per_image'):
        interpreter.set_tensor(signature, face[None, None])
        interpreter.invoke()
        for size, answers in rows.items():
            answers.append(interpreter.get_tensor(outputs[1, size])[0])
    known, labeled = data.majority >= 0, data.labels >= 0
    logits = torch.from_numpy(np.stack(rows[8])[known])
    return Evaluation(path.name, data.subset(known),
                      torch.softmax(logits / temperature, 1).numpy(),
                      np.stack(rows[7])[labeled], data.labels[labeled])
