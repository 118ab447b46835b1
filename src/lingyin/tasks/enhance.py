"""Enhance: a spoilt picture in, a better one out. The head adds a correction to the picture it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor, nn

from lingyin.runtime.decode import mask_on_frame
from lingyin.runtime.prepare import Prepared
from lingyin.tasks.contract import Floats, Head, Inputs, Needs, Place, Shape, Target, Task
from lingyin.tasks.degrade import HARMS, Harm, draw, spoil
from lingyin.tasks.maps import MapHead

WIDTH = 24


class PictureHead(Head):
    """The light decoder's finest map beside the picture itself, both at half its side: every four pixels are four
    channels (Shi et al. 2016), which costs a quarter. The last layer is zero at first, so that learning starts from the
    picture as it is."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.context = MapHead(shape, WIDTH, stride=2)
        self.mix = nn.Sequential(_block(4 + WIDTH, WIDTH), _block(WIDTH, WIDTH), _block(WIDTH, WIDTH))
        self.out = nn.Conv2d(WIDTH, 4, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, inputs: Inputs) -> Tensor:
        """`(B, S, S)`."""
        fine = nn.functional.pixel_unshuffle(inputs.images, 2)
        change = self.out(self.mix(torch.cat([fine, self.context(inputs)], 1)))
        restored: Tensor = (inputs.images + nn.functional.pixel_shuffle(change, 2))[:, 0]
        return restored


def _block(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU())


@dataclass(frozen=True)
class Enhance(Task[Floats, Floats]):
    """Undoes one `harm` of the documented model of degradation. The label is the clean square `(S, S)`, 0..1; features
    are those of the spoilt one."""

    harm: Harm = "noise"
    kind: ClassVar[str] = "enhance"
    needs: ClassVar[Needs] = Needs.MAPS

    def __post_init__(self) -> None:
        if self.harm not in HARMS:
            raise ValueError(f"unknown harm {self.harm!r}; known are {', '.join(HARMS)}")

    @property
    def chooses_by(self) -> str:
        return "psnr"

    def spec(self) -> dict[str, Any]:
        return {"harm": self.harm}

    def target(self, label: Floats) -> Target:
        """`clean (S, S)`."""
        return {"clean": np.asarray(label, np.float32)}

    def head(self, shape: Shape) -> Head:
        return PictureHead(shape)

    def loss(self, raw: Tensor, target: Mapping[str, Tensor]) -> Tensor:
        """A smooth absolute difference (Charbonnier et al. 1994): the mean square would blur speckle away."""
        return ((raw - target["clean"]) ** 2 + 1e-4).sqrt().mean()

    def decode(self, raw: Floats, calibration: Mapping[str, float] | None = None) -> list[Floats]:  # noqa: ARG002
        return [np.asarray(np.clip(each, 0, 1), np.float32) for each in raw]

    def metrics(self, predictions: Sequence[Floats], labels: Sequence[Floats]) -> dict[str, float]:
        """`psnr` in dB, `ssim` (Wang et al. 2004), `mae`: means over the pictures."""
        pairs = list(zip(labels, predictions, strict=True))
        return {
            "psnr": float(np.mean([_psnr(clean, said) for clean, said in pairs])),
            "ssim": float(np.mean([_ssim(clean, said) for clean, said in pairs])),
            "mae": float(np.mean([np.abs(clean - said).mean() for clean, said in pairs])),
        }

    def baseline(self, labels: Sequence[Floats], images: Floats) -> list[Floats]:  # noqa: ARG002
        """The pictures as they are."""
        return list(images)

    def pose(self, image: NDArray[np.uint8], label: Floats, seed: int) -> tuple[NDArray[np.uint8], Floats]:  # noqa: ARG002
        """The picture is the answer; spoilt by parameters drawn from `seed`, it is the question."""
        clean = np.asarray(image.astype(np.float32) / 255, np.float32)
        spoilt = spoil(clean, draw(self.harm, np.random.default_rng(seed)))
        return np.round(spoilt * 255).astype(np.uint8), clean

    def to_frame(self, prediction: Floats, place: Place) -> Floats:
        """On the frame's pixels; 0 outside the square."""
        return mask_on_frame(prediction, Prepared(prediction, place.matrix), place.height, place.width)


def _psnr(clean: Floats, said: Floats) -> float:
    """Limited to 60 dB, which equal pictures would exceed without bound."""
    if float(((clean - said) ** 2).mean()) < 1e-6:
        return 60.0
    return float(peak_signal_noise_ratio(clean, said, data_range=1.0))  # type: ignore[no-untyped-call]


def _ssim(clean: Floats, said: Floats) -> float:
    return float(structural_similarity(clean, said, data_range=1.0))  # type: ignore[no-untyped-call]
