"""What a run has learnt, taken up again for a look: the encoder; decoder and loss predictor from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from lingyin.core.errors import ModelError, UsageError
from lingyin.nets.lite0 import Lite0
from lingyin.nets.masked import LossPredictor, MaskedDecoder
from lingyin.nets.spark import STRIDE, MaskedLite0
from lingyin.nets.vit import Vit, patchify, unpatchify
from lingyin.nets.weights import load_encoder, read_tensors
from lingyin.pretrain import checkpoint
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.learner import make_encoder
from lingyin.pretrain.loop import ENCODER

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Restorer:
    """The encoder as it learnt with its decoder, and the layer that gives each hidden patch its pixels."""

    encoder: Vit | MaskedLite0
    decoder: MaskedDecoder
    pixels: nn.Linear


@dataclass(frozen=True)
class Learnt:
    """`encoder` is the average that a run writes; the rest is None without a checkpoint, or where a part was off."""

    name: str
    encoder: Vit | Lite0
    step: int | None = None
    config: PretrainConfig | None = None
    restorer: Restorer | None = None
    predictor: LossPredictor | None = None

    @property
    def patch(self) -> int:
        """Side in pixels of what is hidden as a whole."""
        return self.encoder.architecture.patch if isinstance(self.encoder, Vit) else STRIDE


def restore(source: Path) -> Learnt:
    """A run's folder (its last checkpoint) or a file of encoder weights.

    Raises:
        UsageError: neither of them.
        ModelError: damaged, tampered with, or of another version.
    """
    if source.is_file():
        return Learnt(source.parent.name or source.stem, load_encoder(source))
    path = source / checkpoint.NAME
    if not path.is_file():
        if (source / ENCODER).is_file():
            return Learnt(source.name, load_encoder(source / ENCODER))
        raise UsageError(f"{source}: neither a run nor weights; name a folder that `lingyin pretrain` wrote, or a file")
    tensors, facts = read_tensors(path)
    if facts.get("format") != checkpoint.FORMAT:
        raise ModelError(f"{path}: not a checkpoint of this version; train with this one, or look at the weights alone")
    try:
        config = PretrainConfig.model_validate(facts["config"])
        learnt = _filled(make_encoder(config.encoder), checkpoint.under(tensors, "average."))
        encoder = learnt if isinstance(learnt, Vit) else learnt.net
        net = checkpoint.under(tensors, "net.")
        return Learnt(source.name, encoder, facts["step"], config, _restorer(config, net), _predictor(config, net))
    except (KeyError, RuntimeError, ValidationError) as error:
        raise ModelError(f"{path}: does not fit this version of the program ({error})") from error


def _restorer(config: PretrainConfig, net: Mapping[str, Tensor]) -> Restorer | None:
    target = next((name for name in ("pixels", "smooth") if f"heads.patches.{name}.weight" in net), None)
    if target is None:
        return None
    wanted = config.decoder
    encoder = _filled(make_encoder(config.encoder), checkpoint.under(net, "encoder."))
    decoder = MaskedDecoder(encoder.dim, wanted.dim, wanted.depth, wanted.heads)
    pixels = nn.Linear(wanted.dim, config.encoder.patch**2)
    return Restorer(
        encoder,
        _filled(decoder, checkpoint.under(net, "decoder.")),
        _filled(pixels, checkpoint.under(net, f"heads.patches.{target}.")),
    )


def _predictor(config: PretrainConfig, net: Mapping[str, Tensor]) -> LossPredictor | None:
    found = checkpoint.under(net, "predictor.")
    return _filled(LossPredictor(config.encoder.patch), found) if found else None


def _filled(net: Net, weights: dict[str, Tensor]) -> Net:
    net.load_state_dict(weights)
    return net.eval().requires_grad_(False)


@torch.no_grad()
def reconstruct(restorer: Restorer, images: Tensor, visible: Tensor, hidden: Tensor) -> Tensor:
    """Pictures `(B, 1, H, W)` whose hidden patches are what the decoder makes of the visible ones.

    The network learns patches without their own mean and contrast, so these are taken from the picture, as is usual
    for showing (He et al. 2022).

    Args:
        images: `(B, 1, H, W)` 0..1.
        visible: `(B, K)` indices of the patches that go in.
        hidden: `(B, L)` True where a patch is to be shown as reconstructed.
    """
    grid = restorer.encoder.grid_of(images)
    side = images.shape[-1] // grid[1]
    tokens = restorer.encoder.see(images, visible).tokens
    said = restorer.pixels(restorer.decoder(tokens, visible, grid))
    patches = patchify(images, side)
    shown = said * patches.std(-1, unbiased=False, keepdim=True) + patches.mean(-1, keepdim=True)
    return unpatchify(torch.where(hidden[..., None], shown, patches), side, grid).clamp(0, 1)
