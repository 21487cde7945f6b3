# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: one session for all campaigns; it gathers and sums NumPy's dense rows."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession, OrtValue, SessionOptions
from workload import BID, LABELS, REQUESTS, Data

from contenders.contender import Answer
from contenders.dense_rows import GROUP, DenseRows

OUTPUTS = ("pctr", "pcvr", "revenue")


class OnnxRuntime(DenseRows):
    """Gather + ReduceSum; the rows and the results are bound once, so that no call copies them.

    Logits are summed in float32 and go through the sigmoid in double: ONNX Runtime's float32 Sigmoid is off by 0.1 %
    for small probabilities.
    """

    name = "ONNX Runtime"

    def __init__(self, data: Data) -> None:
        super().__init__(data)
        onnxruntime.set_default_logger_severity(3)
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._sessions = [
            InferenceSession(graph(self._intercepts, with_ads), options, providers=["CPUExecutionProvider"])
            for with_ads in (False, True)
        ]

    def prepare(self, candidates: int, ad_features: int, *, requests: int = REQUESTS) -> None:
        """Convert ids to integers, and bind what is the same for every request."""
        super().prepare(candidates, ad_features, requests=requests)
        self._session = self._sessions[ad_features > 0]
        self._bound = self._session.io_binding()
        self._bound.bind_ortvalue_input("rows", OrtValue.ortvalue_from_numpy(self._rows))
        self._bound.bind_cpu_input("bids", np.full(candidates, BID))
        self._outputs = [OrtValue.ortvalue_from_numpy(np.empty(candidates)) for _ in OUTPUTS]
        for name, value in zip(OUTPUTS, self._outputs, strict=True):
            self._bound.bind_ortvalue_output(name, value)

    def score(self, request: int) -> Answer:
        """Value the candidates of one request."""
        self._bound.bind_cpu_input("features", self._features[request])
        self._bound.bind_cpu_input("campaigns", self._campaigns[request])
        if self._places.shape[1]:
            self._bound.bind_cpu_input("places", self._places[request])
        self._session.run_with_iobinding(self._bound)
        pctr, pcvr, revenue = (value.numpy() for value in self._outputs)
        return pctr, pcvr, revenue


def graph(intercepts: np.ndarray, with_ads: bool) -> bytes:
    """Return the model: ids and rows in; probabilities and revenue out."""
    campaigns = len(intercepts)
    nodes, constants = [], []

    def node(operator: str, inputs: str, output: str, **attributes: int) -> None:
        nodes.append(helper.make_node(operator, inputs.split(), [output], **attributes))

    def constant(name: str, value: np.ndarray) -> None:
        constants.append(numpy_helper.from_array(np.asarray(value), name))

    constant("first", np.array([0]))
    constant("by_campaign", np.array([campaigns, 2]))
    node("Gather", "rows features", "chosen", axis=0)
    constant("groups", np.array([-1, GROUP, 2 * campaigns]))
    constant("second", np.array([1]))
    node("Reshape", "chosen groups", "grouped")
    node("ReduceSum", "grouped second", "of_groups", keepdims=0)
    node("ReduceSum", "of_groups first", "summed", keepdims=0)
    node("Reshape", "summed by_campaign", "of_campaigns")
    node("Gather", "of_campaigns campaigns", "of_request", axis=0)
    logits = "of_request"
    if with_ads:
        constant("by_pair", np.array([LABELS * campaigns, 2]))
        node("Reshape", "rows by_pair", "pairs")
        node("Gather", "pairs places", "of_features", axis=0)
        node("ReduceSum", "of_features first", "of_ads", keepdims=0)
        node("Add", "of_request of_ads", "both")
        logits = "both"
    constant("intercepts", intercepts)
    node("Cast", logits, "sums", to=TensorProto.DOUBLE)
    node("Gather", "intercepts campaigns", "own", axis=0)
    node("Add", "sums own", "logits")
    node("Sigmoid", "logits", "probabilities")
    constant("zero", np.array(0))
    constant("one", np.array(1))
    node("Gather", "probabilities zero", "pctr", axis=1)
    node("Gather", "probabilities one", "pcvr", axis=1)
    node("Mul", "pctr pcvr", "share")
    node("Mul", "share bids", "revenue")
    integers, doubles = TensorProto.INT64, TensorProto.DOUBLE
    inputs = [
        helper.make_tensor_value_info("rows", TensorProto.FLOAT, [LABELS, 2 * campaigns]),
        helper.make_tensor_value_info("features", integers, ["F"]),
        helper.make_tensor_value_info("campaigns", integers, ["N"]),
        helper.make_tensor_value_info("bids", doubles, ["N"]),
    ]
    if with_ads:
        inputs.append(helper.make_tensor_value_info("places", integers, ["A", "N"]))
    outputs = [helper.make_tensor_value_info(name, doubles, ["N"]) for name in OUTPUTS]
    made = helper.make_graph(nodes, "valuation", inputs, outputs, constants)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(made, opset_imports=[opset], ir_version=8).SerializeToString()
