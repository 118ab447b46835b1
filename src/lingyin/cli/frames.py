"""Walks over the frames of many images with the network's outputs, for the verbs that need no report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import typer

from lingyin.core.clip import Clip
from lingyin.core.errors import InputError
from lingyin.io import ScanRef, discover, open_clip
from lingyin.io.sector import find_sector
from lingyin.runtime import Network, Outputs, Prepared

BATCH = 8


@dataclass(frozen=True)
class Step:
    """One frame with what the network said of it."""

    source: str
    frame: int
    frames: int
    height: int
    width: int
    prepared: Prepared
    outputs: Outputs
    mm_per_px: float | None = None


class FrameWalk:
    """Iterates over `Step`s batch by batch; unreadable inputs are reported, kept in `failures`, and passed over."""

    def __init__(self, sources: list[str], network: Network, most_frames: int, stage: str) -> None:
        self.items = discover(sources)
        self.network = network
        self.most_frames = most_frames
        self.stage = stage
        self.failures: list[InputError] = []
        self.frames_seen = 0

    def __iter__(self) -> Iterator[Step]:
        from rich.console import Console
        from rich.progress import track

        pending: list[tuple[str, int, Clip, Prepared]] = []
        console = Console(stderr=True)
        for item in track(self.items, description=self.stage, console=console, transient=True):
            try:
                pending += self._prepare(item)
            except InputError as error:
                self.failures.append(error)
                typer.echo(f"lingyin: {error}", err=True)
            while len(pending) >= BATCH:
                yield from self._run(pending[:BATCH])
                pending = pending[BATCH:]
        yield from self._run(pending)

    def _prepare(self, item: ScanRef | InputError) -> list[tuple[str, int, Clip, Prepared]]:
        if isinstance(item, InputError):
            raise item
        clip = open_clip(item.path, member=item.member)
        count = min(len(clip), self.most_frames)
        indices = sorted({int(index) for index in np.linspace(0, len(clip) - 1, count).round()})
        chosen = [(index, clip.frames[index]) for index in indices]
        sector = find_sector([frame for _, frame in chosen[:: max(1, len(chosen) // 4)]])
        source = f"{item.path}!{item.member}" if item.member else str(item.path)
        return [(source, index, clip, self.network.prepare(frame, sector)) for index, frame in chosen]

    def _run(self, batch: list[tuple[str, int, Clip, Prepared]]) -> Iterator[Step]:
        if not batch:
            return
        outputs = self.network.run([prepared for *_, prepared in batch])
        for (source, index, clip, prepared), output in zip(batch, outputs, strict=True):
            self.frames_seen += 1
            yield Step(source, index, len(clip), clip.height, clip.width, prepared, output, _spacing(clip))


def _spacing(clip: Clip) -> float | None:
    """Of the picture in the middle of the screen, across; None where it carries none."""
    region = clip.region_at((clip.width / 2, clip.height / 2))
    return None if region is None else region.mm_per_px_x


def finish(walk: FrameWalk) -> None:
    """Ends the command with exit code 3 where any input could not be used."""
    if walk.failures:
        typer.echo(f"lingyin: {len(walk.failures)} of {len(walk.items)} inputs could not be used", err=True)
        sys.exit(3)
