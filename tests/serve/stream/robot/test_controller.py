"""What the controller believes of a reading, and where it turns, from readings written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lingyin.serve.stream.robot.controller import (
    CENTRE_TRIES,
    ORGAN,
    SEARCH_X_MM,
    SEARCH_Z_MM,
    STRUCTURE,
    TURN,
    Controller,
)


class Track:
    """An arm without limits or slack that keeps count of where it was."""

    def __init__(self) -> None:
        self.at = {"x_mm": 0.0, "z_mm": 0.0, "yaw": 0.0, "tilt": 0.0}
        self.been: set[tuple[float, float]] = set()

    def move(self, x_mm: float = 0.0, z_mm: float = 0.0, yaw: float = 0.0, tilt: float = 0.0) -> bool:
        for name, by in zip(self.at, (x_mm, z_mm, yaw, tilt), strict=True):
            self.at[name] += by
        self.been.add((round(self.at["x_mm"], 6), round(self.at["z_mm"], 6)))
        return True


def reading(offset: float = 0.0, contradicts: bool = False, organ: str | None = ORGAN, **target: Any) -> dict[str, Any]:
    seen = {"structure": STRUCTURE, "certainty": 0.9, "offset_mm": [offset, 0.0], "cut": False}
    sizes = {"sideways_mm": 20.0, "deep_mm": 20.0, "narrowest_mm": 20.0}
    return {
        "organ": {"code": organ},
        "now": {"contradicts": contradicts},
        "target": seen | sizes | target,
    }


@pytest.mark.parametrize(
    "doubtful",
    [
        reading(organ="liver"),
        reading(contradicts=True),
        reading(certainty=0.74),
        reading(structure="abdominal_aorta_lumen"),
        reading() | {"target": None},
    ],
)
def test_a_doubtful_reading_is_never_followed_and_the_whole_reach_is_searched(doubtful: dict[str, Any]) -> None:
    arm = Track()
    outcome = Controller(arm, lambda: doubtful).run()
    assert not outcome.found
    sides = {-SEARCH_X_MM, -60.0, -30.0, 0.0, 30.0, 60.0, SEARCH_X_MM}
    assert arm.been >= {(x, z) for x in sides for z in (SEARCH_Z_MM, -SEARCH_Z_MM)}


def test_a_target_that_jumps_between_two_pictures_is_not_believed() -> None:
    places = iter([0.0, 7.0] * 1000)
    assert not Controller(Track(), lambda: reading(next(places))).run().found


def test_what_cannot_be_brought_to_the_middle_is_given_up() -> None:
    looks = 0

    def look() -> dict[str, Any]:
        nonlocal looks
        looks += 1
        return reading(5.0)

    arm = Track()
    assert Controller(arm, look)._centre() is None
    assert looks == CENTRE_TRIES
    assert arm.at["x_mm"] == 5.0 * CENTRE_TRIES


def slanted(arm: Track, turn: str, best: float) -> Callable[[], dict[str, Any]]:
    """A section that is smallest at one angle, and grows with the square of the turn from it."""
    size = "sideways_mm" if turn == "yaw" else "deep_mm"
    return lambda: reading(**{size: 20.0 + 60.0 * (arm.at[turn] - best) ** 2})


@pytest.mark.parametrize("turn", ["yaw", "tilt"])
@pytest.mark.parametrize("best", [-0.1, 0.0, 0.15])
def test_squaring_ends_where_the_section_is_smallest(turn: str, best: float) -> None:
    arm = Track()
    Controller(arm, slanted(arm, turn, best))._square(turn)
    assert arm.at[turn] == pytest.approx(best, abs=1e-6)


def test_squaring_goes_no_farther_than_it_has_reason_to() -> None:
    arm = Track()
    Controller(arm, slanted(arm, "yaw", 1.0))._square("yaw")
    assert arm.at["yaw"] == pytest.approx(2 * TURN)
    level = Track()
    Controller(level, reading)._square("tilt")
    assert level.at["tilt"] == pytest.approx(0.0)


def test_squaring_turns_back_where_the_target_is_lost() -> None:
    arm = Track()
    Controller(arm, lambda: reading() if arm.at["yaw"] < 0.05 else reading(organ=None))._square("yaw")
    assert arm.at["yaw"] == pytest.approx(0.0)


def test_the_final_figure_is_the_median_of_several_pictures() -> None:
    widths = iter([0.0, 0.0, 40.0, 90.0, 44.0])
    controller = Controller(Track(), lambda: reading(0.5, narrowest_mm=next(widths)))
    controller._finish()
    assert controller.outcome.diameter_mm == 44.0
    assert controller.outcome.offset_mm == 0.5
    assert controller.outcome.centred
