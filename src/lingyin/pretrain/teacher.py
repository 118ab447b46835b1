"""A frozen ImageNet EfficientNet-lite0 run in OpenVINO: the same bits from run to run, at twice torch's speed."""

from __future__ import annotations

import warnings
from typing import Any

import openvino as ov
import torch
from openvino.frontend import FrontEndManager
from torch import Tensor, nn

from lingyin.nets.lite0 import Lite0, fold, imagenet_lite0

CHUNK = 8  # pictures at once: the wide first maps should stay within the caches


class _Said(nn.Module):
    """The outputs that are learnt from."""

    def __init__(self, net: Lite0) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.net(images.expand(-1, 3, -1, -1))
        return features.levels[3], features.levels[4], features.cls


class FrozenLite0:
    """Images `(B, 1, H, W)` 0..1 to maps at strides 16 and 32 and the pooled vector, as float32.

    `bf16` where the chip has it: faster, and close enough for a target.
    """

    def __init__(self, *, bf16: bool = False) -> None:
        net = fold(imagenet_lite0().eval()).eval()
        self.map_dims = net.level_channels[3:5]
        self.pooled_dim = net.dim
        self._said = _Said(net).eval()
        self._options = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "ENABLE_CPU_PINNING": False,  # the trainer's own threads need the cores too
        }
        self._compiled: dict[tuple[int, int], Any] = {}

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        size = (int(images.shape[-2]), int(images.shape[-1]))
        if size not in self._compiled:
            self._compiled[size] = self._compile(*size)
        request, parts = self._compiled[size], []
        for part in torch.split(images, CHUNK):
            said = request.infer({0: part.contiguous().numpy()})
            parts.append([torch.from_numpy(said[index].copy()) for index in range(3)])
        fine, coarse, pooled = (torch.cat([part[index] for part in parts]) for index in range(3))
        return fine, coarse, pooled

    def _compile(self, height: int, width: int) -> Any:
        """An infer request for one size. The frontend is called directly: the converter would report its use."""
        from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

        example = torch.zeros(2, 1, height, width)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing is deprecated, but what the frontend reads best
            traced = torch.jit.trace(self._said, example, check_trace=False)  # type: ignore[no-untyped-call]
        frontend = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced, example_input=(example,))  # held: the frontend keeps no reference
        model = frontend.convert(frontend.load(decoder))
        model.reshape({model.inputs[0]: ov.PartialShape([-1, 1, height, width])})
        return ov.Core().compile_model(model, "CPU", self._options).create_infer_request()
