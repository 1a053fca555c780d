"""Make networks of a few nodes for the tests; needs the onnx library."""

import numpy as np
import pytest


def network(nodes, inputs, outputs, constants=(), kinds=(), tweak=None):
    """
    Return a network as bytes.

    :param nodes: (kind, inputs, output) or (kind, inputs, output, attributes).
    :param inputs: name -> shape; likewise ``outputs``, in their order.
    :param constants: name -> float32 array, or an array of another type as it is.
    :param kinds: name of an input or output -> type that is not FLOAT.
    :param tweak: called with the model before it is written.
    """
    onnx = pytest.importorskip('onnx')

    def described(shapes):
        return [onnx.helper.make_tensor_value_info(
            name, getattr(onnx.TensorProto, dict(kinds).get(name, 'FLOAT')), shape)
            for name, shape in shapes.items()]

    def constant(name, value):
        array = np.asarray(value)
        return onnx.numpy_helper.from_array(
            array.astype(np.float32) if array.dtype == np.float64 else array, name)

    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(kind, taken, [given], **dict(*more))
         for kind, taken, given, *more in nodes], 'graph',
        described(inputs), described(outputs),
        [constant(name, value) for name, value in dict(constants).items()])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)])
    model.ir_version = 8
    if tweak:
        tweak(onnx, model)
    return model.SerializeToString()
