"""A torch module as an OpenVINO model: the one way from the workshop's networks to what runs fast on a processor.

The PyTorch frontend is called directly: `openvino.convert_model` would report its use over the network.
"""

from __future__ import annotations

import warnings
from typing import Any

import openvino as ov
import torch
from openvino.frontend import FrontEndManager
from torch import Tensor, nn

CHUNK = 8  # pictures at once: the wide first maps should stay within the caches


def to_openvino(module: nn.Module, example: Tensor | tuple[Tensor, ...], *, any_batch: bool = True) -> Any:
    """The module as a model that takes pictures like `example (B, C, H, W)`, in batches of any length or of B only;
    a module of several arguments takes a tuple of examples.

    A module whose code asks for the length of its batch is traced for that length: ask for `any_batch=False` then.
    """
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    examples = (example,) if isinstance(example, Tensor) else example
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing is deprecated, but what the frontend reads best
        traced = torch.jit.trace(module.eval(), examples, check_trace=False)  # type: ignore[no-untyped-call]
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced, example_input=examples)  # held: the frontend keeps no reference
    model = frontend.convert(frontend.load(decoder))
    model.reshape(
        {
            entry: ov.PartialShape([-1 if any_batch else each.shape[0], *each.shape[1:]])
            for entry, each in zip(model.inputs, examples, strict=True)
        }
    )
    return model


class Compiled:
    """A module compiled for each picture size it meets: images `(B, 1, H, W)` to its outputs as float32 tensors.

    `bf16` where the chip has it: twice as fast, and close enough for features.
    """

    def __init__(self, module: nn.Module, *, bf16: bool, pinned: bool = True) -> None:
        self._module = module.eval()
        self._options = {
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
            "ENABLE_CPU_PINNING": pinned,
        }
        self._requests: dict[tuple[int, ...], Any] = {}

    def __call__(self, images: Tensor) -> list[Tensor]:
        size = tuple(images.shape[1:])
        if size not in self._requests:
            model = to_openvino(self._module, torch.zeros(CHUNK, *size), any_batch=False)
            self._requests[size] = ov.Core().compile_model(model, "CPU", self._options).create_infer_request()
        request, parts = self._requests[size], []
        for part in torch.split(images, CHUNK):
            count = len(part)
            full = part if count == CHUNK else torch.cat([part, part.new_zeros(CHUNK - count, *size)])
            said = request.infer({0: full.contiguous().numpy()})
            parts.append([torch.from_numpy(said[index][:count].copy()) for index in range(len(said))])
        return [torch.cat(each) for each in zip(*parts, strict=True)]
