"""The heart's cycle, told twice: end diastole and systole from the outline's area, checked against the head that reads
the phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lingyin.analyze.measure.shot import Measured, Outcome, Shot
from lingyin.core.study import EvidenceKind

DISAGREES = "phase-head-disagrees"
LEAST = 8  # frames with a phase from which a comparison says anything


def checked(outcome: Outcome, shots: Sequence[Shot]) -> Outcome:
    """The outcome with a caveat on values taken from end diastole to end systole, where the phase head does not rate
    the frame of end diastole higher than that of end systole, against the scatter of its own answers."""
    phases = {shot.frame: shot.phase for shot in shots if shot.phase is not None}
    if len(phases) < LEAST:
        return outcome
    spread = float(np.std(list(phases.values())))
    return replace(outcome, measured=[_with_caveat(each, phases, spread) for each in outcome.measured])


def _with_caveat(measured: Measured, phases: dict[int, float], spread: float) -> Measured:
    pair = [each.frame for each in measured.evidence if each.kind is EvidenceKind.MASK]
    if len(pair) != 2 or any(frame not in phases for frame in pair):
        return measured
    diastole, systole = (phases[frame] for frame in pair)
    if diastole - systole >= -spread:
        return measured
    return replace(measured, caveats=(*measured.caveats, DISAGREES))
