"""`Perception`: one frame in, one look out. One pass of the network for each frame; what is said of the organ joins the
last frames, where the target lies is told from this frame alone."""

from __future__ import annotations

import gc
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.analyze.organ import HEAD, NONE, OrganDecision, decide_organ
from lingyin.analyze.quality import Quality, frame_quality
from lingyin.analyze.reading import Reading, Readings
from lingyin.core.clip import Box, Frame, Mask
from lingyin.core.tree import load_tree
from lingyin.io.sector import Sector, find_sector
from lingyin.runtime.network import Network, Outputs, Prepared, load_network
from lingyin.serve.stream.servo import advise
from lingyin.serve.stream.target import Target, find_target

WINDOW = 8  # frames that the organ is decided from
WINDOW_S = 1.0  # and none older than this: a moved probe shows another place
STEADY = 3  # frames that the steady offset is the median of
SEEK_AT = (0, 4, 16, 64)  # frames at which the sector is looked for, then every 256: it hardly ever moves
SEEK_EVERY = 256
QUALITY_SIDE = 320  # px: sharpness is judged at this size anyway
VIEW = "view_"


@dataclass(frozen=True)
class Spoken:
    """A label with its probability."""

    code: str
    probability: float


@dataclass(frozen=True)
class Look:
    """What one frame shows.

    `decision` joins the last frames and says why it abstains, where it does; `now` is what this frame alone says, and
    `contradicts` that the two differ. `target` is None unless both agree. `steady_mm` is the median offset of the last
    frames and `spread_mm` how far they lie apart; None with fewer than three.
    """

    time_s: float
    size: tuple[int, int]  # width, height
    mm_per_px: tuple[float, float] | None
    quality: Quality
    novelty: float
    now: Spoken
    decision: OrganDecision
    contradicts: bool
    view: Spoken | None
    target: Target | None
    mask: NDArray[np.float32] | None
    prepared: Prepared
    steady_mm: tuple[float, float] | None
    spread_mm: float | None
    advice: list[str]


def load_perception(model: Path | None = None, threads: int | None = None) -> Perception:
    """A perception with the network (the packaged one by default), fit to look at live frames.

    All that is loaded by now stays for good, so Python's collector need not walk through it: a full round would hold
    the frame at hand up for as long as two others (measured: 78 ms, and none afterwards).

    Raises:
        ModelError: the network cannot be loaded.
    """
    perception = Perception(load_network(model, threads))
    gc.collect()
    gc.freeze()
    return perception


class Perception:
    """Looks at frames one after the other; not to be shared between threads."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._tree = load_tree()
        self._heads = network.manifest.heads
        self._organ_head = next(head for head in self._heads if head.name == HEAD)
        self._count = 0
        self._size = (0, 0)
        self._sector = Sector(np.ones((1, 1), bool), Box(0, 0, 1, 1))
        self._small: Mask = np.ones((1, 1), bool)
        self._kept: deque[Frame] = deque(maxlen=5)
        self._readings: deque[Reading] = deque(maxlen=WINDOW)
        self._places: deque[tuple[float, float, float]] = deque(maxlen=STEADY)

    def look(self, frame: Frame, mm_per_px: tuple[float, float] | None, time_s: float) -> Look:
        """Reads one frame `(H, W, 3)`; `mm_per_px` in x and y where known; `time_s` must not run backwards."""
        self._find_sector(frame)
        aspect = 1.0 if mm_per_px is None else mm_per_px[1] / mm_per_px[0]
        prepared = self.network.prepare(frame, self._sector, aspect)
        outputs = self.network.run([prepared])[0]
        quality = self._quality(frame)
        decision = self._decide(outputs, quality, prepared, time_s)
        organs = outputs.probabilities[HEAD]
        top = int(organs.argmax())
        now = Spoken(self._organ_head.labels[top], float(organs[top]))
        contradicts = now.code != self._organ_head.labels[decision.joined.top]
        masks = {} if contradicts or decision.organ is None else self._masks(outputs, decision.organ)
        target = find_target(masks, prepared, self._sector.box, mm_per_px)
        steady, spread = self._steady(target, time_s)
        known = decision.organ is not None and not contradicts
        return Look(
            time_s=time_s,
            size=(frame.shape[1], frame.shape[0]),
            mm_per_px=mm_per_px,
            quality=quality,
            novelty=outputs.novelty,
            now=now,
            decision=decision,
            contradicts=contradicts,
            view=self._view(outputs, decision.organ) if known else None,
            target=target,
            mask=None if target is None else masks[target.structure],
            prepared=prepared,
            steady_mm=steady,
            spread_mm=spread,
            advice=advise(target, quality.score, known and now.code != NONE),
        )

    def _find_sector(self, frame: Frame) -> None:
        """Looks for the sector at the first frames, now and then later, and at once when the size changes."""
        if frame.shape[:2] != self._size:
            self._size, self._count = (frame.shape[0], frame.shape[1]), 0
            self._kept.clear()
            self._readings.clear()
            self._places.clear()
        if self._count in SEEK_AT or self._count % SEEK_EVERY == 0:
            self._kept.append(frame.copy())
            self._sector = find_sector(list(self._kept))
            factor = min(1.0, QUALITY_SIDE / max(frame.shape[:2]))
            size = (round(frame.shape[1] * factor), round(frame.shape[0] * factor))
            self._small = cv2.resize(self._sector.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        self._count += 1

    def _quality(self, frame: Frame) -> Quality:
        height, width = self._small.shape
        small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        return frame_quality(np.asarray(small, np.uint8), self._small)

    def _decide(self, outputs: Outputs, quality: Quality, prepared: Prepared, time_s: float) -> OrganDecision:
        while self._readings and time_s - self._readings[0].time_s > WINDOW_S:
            self._readings.popleft()
        self._readings.append(
            Reading(
                frame=self._count - 1,
                time_s=time_s,
                quality=quality,
                novelty=outputs.novelty,
                probabilities=outputs.probabilities,
                grids={},
            )
        )
        return decide_organ(Readings(tuple(self._readings), self._sector, prepared), self._organ_head, self._tree)

    def _masks(self, outputs: Outputs, organ: str) -> dict[str, NDArray[np.float32]]:
        names = [head.labels[0] for head in self._heads if head.task == "segment" and organ in head.organs]
        return {name: outputs.masks[name] for name in names}

    def _view(self, outputs: Outputs, organ: str | None) -> Spoken | None:
        for head in self._heads:
            if head.task == "classify" and organ in head.organs and head.labels[0].startswith(VIEW):
                table = outputs.probabilities[head.name]
                return Spoken(head.labels[int(table.argmax())], float(table.max()))
        return None

    def _steady(self, target: Target | None, time_s: float) -> tuple[tuple[float, float] | None, float | None]:
        if target is None or target.offset_mm is None:
            self._places.clear()
            return None, None
        while self._places and time_s - self._places[0][0] > WINDOW_S:
            self._places.popleft()
        self._places.append((time_s, *target.offset_mm))
        if len(self._places) < STEADY:
            return None, None
        places = np.asarray(self._places)[:, 1:]
        middle = np.median(places, axis=0)
        return (float(middle[0]), float(middle[1])), float(np.hypot(*(places - middle).T).max())
