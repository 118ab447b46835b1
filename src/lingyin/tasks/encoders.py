"""Encoders by name for the tasks: that of a model folder (the packaged one by default), a pretraining run, ImageNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.export import ENCODER
from lingyin.nets.lite0 import Lite0, fold, imagenet_lite0
from lingyin.nets.readout import ManyLevels
from lingyin.nets.weights import load_encoder as load_weights_file
from lingyin.runtime.manifest import MANIFEST, default_folder, read_manifest, read_verified
from lingyin.tasks.contract import Shape
from lingyin.tasks.features import as_levels

IMAGENET = "imagenet"


def load_encoder(name: str | Path | None = None) -> Any:
    """An encoder in evaluation mode, in float32, without gradients.

    Args:
        name: a model folder, a pretraining run or its `encoder.safetensors`, or `imagenet`; the packaged network's
            encoder by default.

    Raises:
        UsageError: nothing of that name exists.
        ModelError: it is damaged, changed, or not an encoder of this program.
    """
    if name is None:
        return _of_model_folder(default_folder())
    if str(name) == IMAGENET:
        return fold(imagenet_lite0().eval()).eval().requires_grad_(False)
    path = Path(name)
    if (path / MANIFEST).is_file():
        return _of_model_folder(path)
    weights = path / ENCODER if path.is_dir() else path
    if not weights.is_file():
        raise UsageError(f"{path}: no encoder there; name a model folder, an {ENCODER}, or `{IMAGENET}`")
    return load_weights_file(weights).requires_grad_(False)


def _of_model_folder(folder: Path) -> Any:
    manifest = read_manifest(folder)
    content = read_verified(folder, manifest, ENCODER)
    if not manifest.heads:
        return load_weights_file(folder / ENCODER).requires_grad_(False)
    net = ManyLevels() if manifest.features == ManyLevels.dim else Lite0()
    try:
        net.load_state_dict({name: value.float() for name, value in load(content).items()})
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(f"{folder / ENCODER}: not the weights of this program's encoder ({error})") from error
    return net.eval().requires_grad_(False)


@torch.no_grad()
def shape_of(encoder: Any, size: int) -> Shape:
    """What the encoder gives for a square of `size` pixels, found by asking it."""
    features = encoder(torch.zeros(1, 3, size, size))
    levels = as_levels(features)
    channels = tuple(int(level.shape[1]) for level in levels)
    return Shape(int(features.cls.shape[1]), channels, tuple(size // int(level.shape[-1]) for level in levels), size)
