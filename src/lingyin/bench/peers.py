"""Encoders of the methods by path: ours, and peers in the form that other programs save."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from lingyin.bench.frozen import grid_levels
from lingyin.bench.methods import OWN, Method
from lingyin.core.errors import ModelError, UsageError
from lingyin.nets import duo
from lingyin.nets.contract import Features
from lingyin.nets.export import ENCODER
from lingyin.nets.readout import block_ends
from lingyin.nets.weights import META
from lingyin.runtime.manifest import encoder_folder
from lingyin.tasks.encoders import IMAGENET, load_encoder


def load_peer(method: Method, path: Path | None) -> Any:
    """The encoder of a frozen method in evaluation mode.

    Raises:
        UsageError: nothing of that name, or a package is missing.
        ModelError: damaged, or not such weights.
    """
    if method.loader == "vitmae":
        assert path is not None, "a method with a loader names its weights"
        return VitMae(path).eval().requires_grad_(False)
    if path is None and method.encoder == OWN:
        path = encoder_folder()
    if path is not None and _format(path) == duo.FORMAT:
        return duo.load_duo(path / ENCODER if path.is_dir() else path).requires_grad_(False)
    return load_encoder(path if path is not None else IMAGENET if method.encoder == IMAGENET else None)


def _format(path: Path) -> str:
    """The format that a weights file states; "" where there is no such file, or it states none."""
    weights = path / ENCODER if path.is_dir() else path
    try:
        with safe_open(weights, framework="pt") as file:
            return str(json.loads((file.metadata() or {}).get(META, "{}")).get("format", ""))
    except (SafetensorError, OSError, ValueError):
        return ""


class VitMae(nn.Module):
    """A `transformers` ViT-MAE folder (He et al. 2022) behind the encoder contract: all patches visible, in order; four
    blocks give class and mean patch tokens side by side, and their grids as maps."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        if not (folder / "config.json").is_file():
            raise UsageError(f"{folder}: no ViT-MAE there; name a folder that `save_pretrained` wrote")
        try:
            from transformers import ViTMAEModel
        except ImportError as error:
            raise UsageError("the method vitmae needs transformers; run `pip install 'lingyin[bench]'`") from error
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the decoder's weights are not used, which it would remark on
                self.net = ViTMAEModel.from_pretrained(folder, local_files_only=True, mask_ratio=0.0)
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"{folder}: not ViT-MAE weights, or damaged ({error})") from error
        self.ends = block_ends(self.net.config.num_hidden_layers)
        self.dim = 2 * len(self.ends) * self.net.config.hidden_size

    def forward(self, images: Tensor) -> Features:
        """`(B, 3, S, S)` 0..1; S is the size that the weights were made for."""
        config = self.net.config
        side = images.shape[-1] // int(config.patch_size)  # type: ignore[arg-type, unused-ignore]
        order = torch.arange(side * side, dtype=torch.float32).expand(len(images), -1)
        found = self.net((images - 0.5) / 0.5, noise=order, output_hidden_states=True).hidden_states
        tokens = [self.net.layernorm(found[end]) for end in self.ends]
        maps = [each[:, 1:].transpose(1, 2).unflatten(2, (side, side)) for each in tokens]
        vectors = [part for each in tokens for part in (each[:, 0], each[:, 1:].mean(1))]
        return Features(torch.cat(vectors, 1), maps[-1].permute(0, 2, 3, 1), grid_levels(maps))
