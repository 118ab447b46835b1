"""Encoders of other libraries behind the contract: any model object of `timm`'s kind, MONAI's Swin transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.contract import Features

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class TimmEncoder(nn.Module):
    """A model with `forward_features` and `num_features`, as all of `timm`'s have: transformers that give tokens
    `(B, P + N, D)`, and networks that give maps, channels first or last."""

    level_channels: tuple[int, ...] = ()
    mean: Tensor
    std: Tensor

    def __init__(self, model: Any) -> None:
        """Raises ModelError where the object is not of this kind."""
        super().__init__()
        for name in ("forward_features", "num_features"):
            if not hasattr(model, name):
                raise ModelError(f"{type(model).__name__}: has no `{name}`, so it is no model of timm's kind")
        self.model = model
        self.dim = int(model.num_features)
        self.prefix_tokens = int(getattr(model, "num_prefix_tokens", 0))
        self.channels_last = str(getattr(model, "output_fmt", "NCHW")) == "NHWC"
        known = getattr(model, "pretrained_cfg", None) or getattr(model, "default_cfg", None) or {}
        for name, usual in IMAGENET.items():
            values = torch.tensor(known.get(name) or usual, dtype=torch.float32)[:, None, None]
            self.register_buffer(name, values, persistent=False)

    def forward(self, images: Tensor) -> Features:
        """Images `(B, 3, H, W)` 0..1. Raises ModelError for an output of a shape that is none of the known."""
        found = self.model.forward_features((images - self.mean) / self.std)
        if isinstance(found, Tensor) and found.ndim == 4 and self.dim in (found.shape[1], found.shape[-1]):
            last = self.channels_last or found.shape[1] != self.dim
            grid = found if last else found.permute(0, 2, 3, 1)
            return Features(grid.mean((1, 2)), grid)
        if isinstance(found, Tensor) and found.ndim == 3 and found.shape[-1] == self.dim:
            patches = found[:, self.prefix_tokens :]
            rows, columns = _grid(images, patches.shape[1])
            cls = found[:, 0] if self.prefix_tokens else patches.mean(1)
            return Features(cls, patches.reshape(len(found), rows, columns, self.dim))
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ModelError(f"{type(self.model).__name__}: gives {shape}, neither tokens nor maps of width {self.dim}")


def _grid(images: Tensor, count: int) -> tuple[int, int]:
    """Rows and columns of `count` patches of square cells."""
    height, width = images.shape[-2:]
    rows = round((count * height / width) ** 0.5)
    if rows < 1 or count % rows:
        raise ModelError(f"{count} patches do not fill a picture of {height} x {width} px")
    return rows, count // rows


def timm_encoder(name: str, **options: Any) -> TimmEncoder:
    """A model of `timm` by its name, without weights unless `options` ask for them. Raises UsageError without timm."""
    try:
        import timm  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError as error:
        raise UsageError(f"model {name!r} needs the package timm; install it, or hand a model over yourself") from error
    return TimmEncoder(timm.create_model(name, num_classes=0, **options))


class SwinEncoder(nn.Module):
    """MONAI's two-dimensional Swin transformer (Liu et al. 2021; Hatamizadeh et al. 2022), as in published checkpoints
    of ultrasound models that build on SwinUNETR. `levels` at strides 2 to 32."""

    def __init__(
        self,
        feature_size: int = 48,
        depths: Sequence[int] = (2, 2, 2, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        window: int = 7,
        in_channels: int = 1,
        *,
        v2: bool = False,
    ) -> None:
        """Raises UsageError without MONAI."""
        super().__init__()
        try:
            import einops  # noqa: F401 (MONAI looks for it only in the forward pass)
            from monai.networks.nets.swin_unetr import SwinTransformer
        except ImportError as error:
            raise UsageError("MONAI's Swin needs packages: pip install monai einops") from error
        self.net = SwinTransformer(
            in_chans=in_channels, embed_dim=feature_size, window_size=(window, window), patch_size=(2, 2),
            depths=tuple(depths), num_heads=tuple(heads), spatial_dims=2, use_v2=v2,
        )  # fmt: skip
        self.in_channels = in_channels
        self.level_channels = tuple(feature_size * 2**stage for stage in range(5))
        self.dim = self.level_channels[-1]

    def forward(self, images: Tensor) -> Features:
        """Images `(B, 3, H, W)` 0..1, sides being multiples of 32."""
        taken = images.mean(1, keepdim=True) if self.in_channels == 1 else images
        levels = tuple(self.net(taken, normalize=True))
        return Features(levels[-1].mean((2, 3)), levels[-1].permute(0, 2, 3, 1), levels)


def load_swin(
    state: Mapping[str, Any], window: int = 7, heads: Sequence[int] = (3, 6, 12, 24), where: str = "state dict"
) -> SwinEncoder:
    """MONAI's Swin from the weights of a SwinUNETR or a bare SwinTransformer; sizes are read from them.

    Raises:
        ModelError: keys of the encoder are missing or unknown, or shapes do not fit; all are named.
        UsageError: MONAI is not installed.
    """
    for key in ("state_dict", "model"):
        if isinstance(state.get(key), Mapping):
            return load_swin(state[key], window, heads, where)
    tensors = {str(key).removeprefix("module."): value for key, value in state.items() if isinstance(value, Tensor)}
    marked = [key for key in tensors if key.startswith("swinViT.")]
    if marked:  # a whole SwinUNETR: its own decoder is not ours
        tensors = {key.removeprefix("swinViT."): tensors[key] for key in marked}
    kernel = tensors.get("patch_embed.proj.weight")
    if kernel is None or kernel.ndim != 4:
        raise ModelError(f"{where}: no two-dimensional Swin of MONAI; lacks a plane kernel 'patch_embed.proj.weight'")
    depths = [
        len({key.split(".")[3] for key in tensors if key.startswith(f"layers{stage}.0.blocks.")})
        for stage in range(1, 5)
    ]
    v2 = any(key.startswith("layers1c.") for key in tensors)
    encoder = SwinEncoder(kernel.shape[0], depths, heads, window, kernel.shape[1], v2=v2)
    try:
        encoder.net.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelError(f"{where}: the weights do not fit this Swin ({error})") from error
    return encoder.eval()
