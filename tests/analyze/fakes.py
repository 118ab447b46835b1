"""A network that knows the answer: it returns masks and probabilities that a test sets, so that the engine is tested
exactly. It places pictures and masks with the real geometry of the runtime."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Frame
from lingyin.runtime.network import Outputs, Prepared, prepare
from tests.analyze.clips import number_of

SIDE = 256
Picture = NDArray[np.float32]  # (H, W) probability on the frame


def head(name: str, task: str, labels: Sequence[str], organs: Sequence[str] = (), **more: Any) -> Any:
    """A head as the manifest lists it."""
    values = {"mode": "exclusive", "thresholds": {}, "rules_out": {}, "caveats": []} | more
    return SimpleNamespace(name=name, task=task, labels=tuple(labels), organs=tuple(organs), **values)


@dataclass
class FakeNetwork:
    """Answers by the frame number that `clips.speckle` wrote into each frame.

    `organ(number)` gives the probabilities of `labels`; `masks[structure](number)` a probability `(H, W)` on the frame;
    `classify[head](number)` the probabilities of one head.
    """

    labels: Sequence[str]
    organ: Callable[[int], Sequence[float]]
    heads: Sequence[Any] = ()
    masks: dict[str, Callable[[int], Picture]] = field(default_factory=dict)
    classify: dict[str, Callable[[int], Sequence[float]]] = field(default_factory=dict)
    novelty: float = 0.2
    largest_batch: int = 0
    seen: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers: dict[int, tuple[Prepared, int]] = {}  # keeps each picture alive, so that its id stays its own
        self._lock = threading.Lock()
        heads = [head("organ", "classify", self.labels), *self.heads]
        self.manifest = SimpleNamespace(name="fake", version="1.0", fingerprint="0" * 64, heads=heads)

    def prepare(self, frame: Frame, sector: Any) -> Prepared:
        prepared = prepare(frame, sector, SIDE)
        with self._lock:
            self._numbers[id(prepared)] = (prepared, number_of(frame))
        return prepared

    def run(self, batch: Sequence[Prepared]) -> list[Outputs]:
        with self._lock:
            numbers = [self._numbers[id(prepared)][1] for prepared in batch]
            self.seen.extend(numbers)
            self.largest_batch = max(self.largest_batch, len(batch))
        return [self._answer(prepared, number) for prepared, number in zip(batch, numbers, strict=True)]

    def _answer(self, prepared: Prepared, number: int) -> Outputs:
        rows = {"organ": self.organ(number)} | {name: answer(number) for name, answer in self.classify.items()}
        return Outputs(
            features=np.zeros(4, np.float32),
            probabilities={name: np.asarray(row, np.float32) for name, row in rows.items()},
            masks={name: on_grid(mask(number), prepared) for name, mask in self.masks.items()},
            novelty=self.novelty,
        )


def on_grid(picture: Picture, prepared: Prepared) -> Picture:
    """A probability on the frame, brought to the network's grid the way the frame itself was."""
    return np.asarray(cv2.warpAffine(picture, prepared.matrix, (SIDE, SIDE)), np.float32)


def ellipse(
    shape: tuple[int, int], centre: tuple[float, float], axes: tuple[float, float], edge: float = 1.5
) -> Picture:
    """A soft ellipse on the frame: probability 0.5 exactly on the ellipse with semi-axes `axes` in pixels."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot((columns - centre[0]) / axes[0], (rows - centre[1]) / axes[1])
    return (1 / (1 + np.exp((radius - 1) * min(axes) / edge))).astype(np.float32)
