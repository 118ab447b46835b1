"""Weights of an encoder on disk: safetensors with its kind, architecture, a name and a checksum in its metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from lingyin.core.errors import ModelError
from lingyin.nets.lite0 import Lite0
from lingyin.nets.spark import MaskedLite0
from lingyin.nets.vit import Vit, VitArchitecture

FORMAT, LITE0 = "lingyin-vit-1", "lingyin-lite0-1"
Net = TypeVar("Net", bound=nn.Module)
META = "lingyin"  # one key only: the order of several is not fixed, and equal weights must give equal bytes


def checksum(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes in the order of the names."""
    mark = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().contiguous()
        mark.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        mark.update(value.view(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b"")
    return mark.hexdigest()


def vit_bytes(architecture: VitArchitecture, weights: Mapping[str, Tensor], name: str) -> bytes:
    """A whole `encoder.safetensors`; equal weights give equal bytes."""
    return weights_bytes(FORMAT, architecture, weights, name)


def encoder_bytes(encoder: Vit | MaskedLite0, weights: Mapping[str, Tensor], name: str) -> bytes:
    """A whole `encoder.safetensors` with `weights` in place of the encoder's own; a transformer's in full, a
    convolutional network's in half precision (it starts from published weights, which are no finer)."""
    if isinstance(encoder, Vit):
        return vit_bytes(encoder.architecture, weights, name)
    halves = {key.removeprefix("net."): value.half() for key, value in weights.items()}
    return weights_bytes(LITE0, None, halves, name)


def weights_bytes(form: str, architecture: VitArchitecture | None, weights: Mapping[str, Tensor], name: str) -> bytes:
    """A whole weights file of a format; equal weights give equal bytes."""
    tensors = {key: weights[key].detach().contiguous() for key in sorted(weights)}
    shape = asdict(architecture) if architecture else {}
    facts = {"format": form, "architecture": shape, "name": name, "sha256": checksum(tensors)}
    data: bytes = save(tensors, metadata={META: json.dumps(facts, sort_keys=True)})
    return data


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and our metadata of a safetensors file, checked against its own checksum.

    Raises:
        ModelError: absent, damaged, tampered with, or written by another program.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[META])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: there is no such file; name the weights that a run wrote") from error
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: not weights of this program, or damaged ({error}); restore the file") from error
    if not isinstance(facts, dict) or facts.get("sha256") != checksum(tensors):
        raise ModelError(f"{path}: the checksum does not match, so the file was changed; restore it")
    return tensors, facts


def load_vit(path: Path) -> Vit:
    """The encoder of an `encoder.safetensors`, in evaluation mode. Raises ModelError, as `load_weights`."""
    return load_weights(path, FORMAT, Vit)


def load_encoder(path: Path) -> Vit | Lite0:
    """The encoder of an `encoder.safetensors` of either kind, in evaluation mode and full precision. Raises ModelError,
    as `load_weights`."""
    facts = read_tensors(path)[1]
    if facts.get("format") == LITE0:
        return load_weights(path, LITE0, lambda _: Lite0())
    return load_vit(path)


def load_weights(path: Path, form: str, make: Callable[[Any], Net]) -> Net:
    """The network that `make` builds for the architecture a file of format `form` states, with the file's weights.

    Raises:
        ModelError: not such a file, damaged, tampered with, or weights that do not fit the architecture it states.
    """
    tensors, facts = read_tensors(path)
    if facts.get("format") != form:
        raise ModelError(f"{path}: format {facts.get('format')!r}, expected {form!r}; use a file of this version")
    try:
        net = make(VitArchitecture(**facts["architecture"]) if facts["architecture"] else None)
        net.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: the weights do not fit the architecture stated in the file ({error})") from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise ModelError(f"{path}: holds values that are not finite; restore the file")
    return net.eval()
