"""Grafting: a new head grows on an exported network. The old outputs stay as they were, bit for bit.

Where the head was learnt on the network's own encoder, it reads that encoder's vectors and maps; they are found in the
exported graph by their values. Otherwise it brings an encoder of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from openvino import opset13
from torch import Tensor, nn

from lingyin.nets.convert import to_openvino
from lingyin.runtime.manifest import Manifest, read_verified
from lingyin.runtime.network import NETWORK, WEIGHTS

NEAR = 1e-2  # of the spread of a map: its values in both networks differ by rounding only
FEATURES, LOGITS, MASKS = 0, 1, 2  # outputs of an exported network


def read_model(folder: Path, manifest: Manifest) -> Any:
    """The exported network of a model folder, verified. Raises ModelError where it is not the one exported."""
    weights = ov.Tensor(np.frombuffer(read_verified(folder, manifest, WEIGHTS), np.uint8))
    return ov.Core().read_model(read_verified(folder, manifest, NETWORK), weights)


@torch.no_grad()
def find_maps(model: Any, encoder: Any, size: int) -> list[Any] | None:
    """Outputs inside the network that hold the encoder's levels, fine to coarse; None where it has another encoder."""
    images = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0))
    wanted = encoder(images.expand(-1, 3, -1, -1))
    if not wanted.levels:
        return None
    shapes = {tuple(level.shape[1:]) for level in wanted.levels}
    candidates = [out for node in model.get_ordered_ops() for out in node.outputs() if _shape(out) in shapes]
    answers = _values(model, [model.outputs[FEATURES], *candidates], images)
    if not _near(answers[0], wanted.cls):
        return None
    found = []
    for level in wanted.levels:
        same = [out for out, values in zip(candidates, answers[1:], strict=True) if _near(values, level)]
        if not same:
            return None
        found.append(same[-1])
    return found


def _shape(output: Any) -> tuple[int, ...] | None:
    shape = output.get_partial_shape()
    if shape.rank.is_dynamic or len(shape) != 4 or shape[0].is_static or any(d.is_dynamic for d in list(shape)[1:]):
        return None
    return tuple(int(dimension.get_length()) for dimension in list(shape)[1:])


def _values(model: Any, outputs: Sequence[Any], images: Tensor) -> list[Any]:
    sources = [out.get_node().input_value(0) if out.get_node().get_type_name() == "Result" else out for out in outputs]
    probe = ov.Model([opset13.result(source) for source in sources], model.get_parameters(), "probe")
    compiled = ov.Core().compile_model(probe.clone(), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    answer = compiled({0: images.numpy()})
    return [np.array(answer[index]) for index in range(len(sources))]


def _near(values: Any, wanted: Tensor) -> bool:
    truth = wanted.numpy()
    return values.shape == truth.shape and float(np.abs(values - truth).max()) <= NEAR * max(float(truth.std()), 1e-6)


def keep_channels(output: Any, kept: Sequence[int]) -> Any:
    """The output with these channels only, in this order."""
    index = opset13.constant(np.array(kept, np.int64))
    return opset13.gather(output, index, opset13.constant(np.array(1, np.int64))).output(0)


def grow(
    branch: nn.Module, examples: tuple[Tensor, ...], sources: Sequence[Any], *, compress: bool = False
) -> list[Any]:
    """The outputs of `branch`, which takes tensors like `examples`, with its inputs tied to `sources`.

    `compress`: its weights are kept in half precision; they should be rounded to it before, so that nothing changes.
    """
    model = to_openvino(branch, examples)
    if compress:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "branch.xml"
            ov.save_model(model, path, compress_to_fp16=True)
            model = ov.Core().read_model(path.read_bytes(), _tensor(path.with_suffix(".bin")))
    for entry, source in zip(list(model.inputs), sources, strict=True):
        entry.replace(source)
    return [output.get_node().input_value(0) for output in model.outputs]


def _tensor(path: Path) -> Any:
    """The bytes of a file; read, not mapped, so that the file may go."""
    return ov.Tensor(np.frombuffer(path.read_bytes(), np.uint8))


@torch.no_grad()
def round_to_half(module: Any) -> Any:
    """The same module with all weights at values that half precision holds exactly."""
    for value in (*module.parameters(), *module.buffers()):
        if value.is_floating_point():
            value.copy_(value.half().float())
    return module


def source_of(model: Any, index: int) -> Any:
    """What lies behind one of the network's outputs."""
    return model.outputs[index].get_node().input_value(0)


def finish(model: Any, named: Sequence[tuple[str, Any]]) -> Any:
    """A network of the same input whose outputs are `named`, in order."""
    results = []
    for name, source in named:
        result = opset13.result(source)
        result.output(0).get_tensor().set_names({name})
        results.append(result)
    return ov.Model(results, model.get_parameters(), "lingyin")
