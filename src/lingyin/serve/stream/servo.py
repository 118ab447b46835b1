"""What the hand or the robot should do next: short words of advice from one look, with thresholds from `servo.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lingyin.serve.stream.target import Target

SLIDE, TILT, PRESS_LESS, PRESS_MORE, HOLD, SEARCH = "slide", "tilt", "press less", "press more", "hold", "search"


@dataclass(frozen=True)
class Thresholds:
    """See `servo.toml`."""

    centred_mm: float
    flat: float
    tall: float
    wide: float
    low_quality: float


@cache
def thresholds() -> Thresholds:
    """The shipped thresholds."""
    return Thresholds(**tomllib.loads(Path(__file__).with_name("servo.toml").read_text(encoding="utf-8")))


def advise(target: Target | None, quality: float, knows_organ: bool) -> list[str]:
    """Advice, the most pressing first; never empty.

    `slide` means: move the probe along its face by the sideways offset, in the direction of its sign.
    """
    limits = thresholds()
    words = []
    if quality < limits.low_quality:
        words.append(PRESS_MORE)
    if target is None:
        return [*words, TILT if knows_organ else SEARCH]
    if target.is_cut or target.offset_mm is None or abs(target.offset_mm[0]) > limits.centred_mm:
        words.append(SLIDE)
    if target.sideways_mm and target.deep_mm and len(target.centreline_px) == 1:
        shape = target.deep_mm / target.sideways_mm
        if shape < limits.flat:
            words.append(PRESS_LESS)
        elif shape > limits.tall or shape < limits.wide:
            words.append(TILT)
    return words or [HOLD]
