"""The controller: finds and centres the aorta, squares the plane, sweeps along it and measures it at its widest.

It sees readings of the stream and its own moves, nothing of the simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

ORGAN = "abdominal_aorta"
STRUCTURE = "abdominal_aorta_outer"
CENTRED_MM = 1.0
CENTRE_TRIES = 12
TRUST_SPREAD_MM = 6.0
TRUST_CERTAINTY = 0.75
SEARCH_STEP_MM = 30.0
SEARCH_X_MM, SEARCH_Z_MM = 90.0, 60.0
SWEEP_STEP_MM, SWEEP_MM = 6.0, 70.0
TURN = float(np.radians(8.0))
LOOKS = 3  # pictures for one final figure

Reading = dict[str, Any]
Look = Callable[[], Reading]


class Moves(Protocol):
    """What the controller may do."""

    def move(self, x_mm: float = 0.0, z_mm: float = 0.0, yaw: float = 0.0, tilt: float = 0.0) -> bool: ...


@dataclass
class Outcome:
    """How a run ended. `offset_mm` is what the stream says of the last picture, `diameter_mm` the greatest measured."""

    found: bool = False
    centred: bool = False
    offset_mm: float | None = None
    diameter_mm: float | None = None
    stages: list[str] = field(default_factory=list)


class Controller:
    """One run over one volume."""

    def __init__(self, arm: Moves, look: Look) -> None:
        self._arm, self._look = arm, look
        self._across = 0.0  # slides sideways since the start
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Find and centre, square, sweep, return to the widest place and measure there."""
        self._stage("find")
        if not self._find():
            return self.outcome
        self._stage("square")
        for turn in ("yaw", "tilt"):
            self._square(turn)
        self._stage("sweep")
        self._sweep()
        self._stage("measure")
        self._finish()
        return self.outcome

    def _stage(self, name: str) -> None:
        self.outcome.stages.append(name)

    def _target(self) -> dict[str, Any] | None:
        """The aorta in the present picture, where the stream is sure of it."""
        reading = self._look()
        target: dict[str, Any] | None = reading["target"]
        is_sure = reading["organ"]["code"] == ORGAN and not reading["now"]["contradicts"]
        if not is_sure or target is None or target["structure"] != STRUCTURE:
            return None
        return target if target["certainty"] >= TRUST_CERTAINTY else None

    def _seen_twice(self) -> bool:
        """Whether two pictures in a row show the aorta about the same place: one alone may be taken in."""
        first, second = self._target(), self._target()
        if first is None or second is None:
            return False
        return float(np.hypot(*np.subtract(first["offset_mm"], second["offset_mm"]))) < TRUST_SPREAD_MM

    def _find(self) -> bool:
        """Looks here, then ever farther to both sides, then so again farther along the body; found is what it can
        centre, since a picture beside the vessel may show something like it."""
        steps = np.arange(SEARCH_STEP_MM, SEARCH_X_MM + 1.0, SEARCH_STEP_MM)
        for along in (0.0, SEARCH_Z_MM, -2 * SEARCH_Z_MM):
            if along:
                self._arm.move(z_mm=along)
            for place in [0.0, *(side * step for step in steps for side in (1.0, -1.0))]:
                self._slide(place - self._across)
                if self._seen_twice():
                    self.outcome.found = True
                    if self._centre() is not None:
                        return True
        return False

    def _slide(self, x_mm: float) -> None:
        """Sideways, keeping count of it."""
        if x_mm:
            self._arm.move(x_mm=x_mm)
            self._across += x_mm

    def _centre(self) -> dict[str, Any] | None:
        """Slides until the target is in the middle twice in a row; None where it is lost."""
        good = 0
        for _ in range(CENTRE_TRIES):
            target = self._target() or self._target()
            if target is None:
                return None
            offset = float(target["offset_mm"][0])
            if abs(offset) <= CENTRED_MM and not target["cut"]:
                good += 1
                if good == 2:
                    return target
            else:
                good = 0
                self._slide(offset)
        return None

    def _square(self, turn: str) -> None:
        """Turns to where the section is smallest: through three pictures, the lowest point of their parabola.

        Yaw widens the section sideways, tilt in depth: a plane at right angles to the vessel cuts it smallest.
        """
        size = "sideways_mm" if turn == "yaw" else "deep_mm"
        at, sizes = 0.0, []
        for place in (-TURN, 0.0, TURN):
            self._arm.move(**{turn: place - at})
            at = place
            target = self._centre()
            if target is None:
                self._arm.move(**{turn: -at})
                return
            sizes.append(float(target[size]))
        left, middle, right = sizes
        bend = left - 2 * middle + right
        best = float(np.clip(TURN * (left - right) / (2 * bend), -2 * TURN, 2 * TURN)) if bend > 0.2 else 0.0
        self._arm.move(**{turn: best - at})
        self._centre()

    def _sweep(self) -> None:
        """To one end of the reach and on to the other, centring on the way; then back to where it was widest."""
        while self._arm.move(z_mm=-2 * SWEEP_STEP_MM):
            if self._follow() is None:
                break
        widths: list[tuple[float, float]] = []
        at = 0.0
        for _ in range(int(2 * SWEEP_MM / SWEEP_STEP_MM) + 1):
            target = self._follow()
            if target is not None and not target["cut"]:
                widths.append((at, float(target["narrowest_mm"])))
            if not self._arm.move(z_mm=SWEEP_STEP_MM):
                break
            at += SWEEP_STEP_MM
        if widths:
            places, sizes = np.asarray(widths).T
            smooth = np.convolve(np.pad(sizes, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
            self._arm.move(z_mm=float(places[int(smooth.argmax())]) - at)

    def _follow(self) -> dict[str, Any] | None:
        """One picture, and a slide where the target has left the middle."""
        target = self._target()
        if target is not None and abs(float(target["offset_mm"][0])) > CENTRED_MM:
            self._slide(float(target["offset_mm"][0]))
        return target

    def _finish(self) -> None:
        if self._centre() is None:
            return
        seen = [target for target in (self._target() for _ in range(LOOKS)) if target is not None]
        if seen:
            self.outcome.offset_mm = float(np.median([each["offset_mm"][0] for each in seen]))
            self.outcome.diameter_mm = float(np.median([each["narrowest_mm"] for each in seen]))
            self.outcome.centred = abs(self.outcome.offset_mm) <= 2 * CENTRED_MM
