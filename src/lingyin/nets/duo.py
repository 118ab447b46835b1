"""Two streams behind one encoder contract: a convolutional network that knows photographs, a transformer that learnt
ultrasound beside it.

The two know different things: one brings sharp filters, the other what a few thousand scans taught it. The weights of
both travel in one file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from lingyin.core.errors import ModelError
from lingyin.nets.contract import Features
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import FIRST_LEVEL, SeveralBlocks, statistics
from lingyin.nets.vit import Vit, VitArchitecture
from lingyin.nets.weights import META, checksum, read_tensors

FORMAT = "lingyin-duo-1"


class Duo(nn.Module):
    """Images `(B, 1 or 3, H, W)` 0..1, sides multiples of 32, to `Features`.

    `cls` holds the convolutional network's vector, mean and spread of its maps from stride 4 on, and class and mean
    patch tokens of four blocks of the transformer; `grid` is the transformer's, `levels` are the convolutional maps.
    """

    def __init__(self, lite0: Lite0, vit: Vit) -> None:
        super().__init__()
        self.lite0, self.vit = lite0, vit
        self.blocks = SeveralBlocks(vit)
        self.level_channels = lite0.level_channels
        self.dim = lite0.dim + 2 * sum(lite0.level_channels[FIRST_LEVEL:]) + self.blocks.dim

    def forward(self, images: Tensor) -> Features:
        seen: Features = self.lite0(images.expand(-1, 3, -1, -1))
        found = self.vit.layers(images, self.blocks.ends)
        tokens = [part for each in found for part in (each.cls, each.grid.mean((1, 2)))]
        cls = torch.cat([seen.cls, *statistics(seen.levels[FIRST_LEVEL:]), *tokens], 1)
        return Features(cls, found[-1].grid, seen.levels)


def duo_bytes(net: Duo, name: str) -> bytes:
    """A whole weights file in half precision; equal weights give equal bytes."""
    tensors = {
        f"{stream}.{key}": value.detach().half().contiguous()
        for stream in ("lite0", "vit")
        for key, value in sorted(getattr(net, stream).state_dict().items())
    }
    facts = {"format": FORMAT, "architecture": asdict(net.vit.architecture), "name": name, "sha256": checksum(tensors)}
    data: bytes = save(tensors, metadata={META: json.dumps(facts, sort_keys=True)})
    return data


def load_duo(path: Path) -> Duo:
    """The two-stream encoder of a weights file, in evaluation mode.

    Raises:
        ModelError: not such a file, damaged, tampered with, or weights that do not fit the architecture it states.
    """
    tensors, facts = read_tensors(path)
    if facts.get("format") != FORMAT:
        raise ModelError(f"{path}: format {facts.get('format')!r}, expected {FORMAT!r}; use a file of this version")
    try:
        net = Duo(Lite0(), Vit(VitArchitecture(**facts["architecture"])))
        for stream in (net.lite0, net.vit):
            start = "lite0." if stream is net.lite0 else "vit."
            stream.load_state_dict(
                {k.removeprefix(start): v.float() for k, v in tensors.items() if k.startswith(start)}
            )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: the weights do not fit the architecture stated in the file ({error})") from error
    return net.eval()
