"""Encoders side by side: each in its column, the best in bold, the gain below; the picture holds a mark for each."""

from __future__ import annotations

from pathlib import Path

import cv2

from lingyin.bench.sidebyside import METRICS, draw_probes, several, wide_table

FLOOR, OURS = "ImageNet", "ours"


def row(name: str, method: str, metric: str, value: float, **more: object) -> dict[str, object]:
    return {"application": name, "method": method, "metric": metric, "value": value, "low": value - 0.1,
            "high": value + 0.1, "n": 20, "labels": "", "claimed": True, **more}  # fmt: skip


SAID = (("breast", FLOOR, 0.7), ("breast", OURS, 0.8), ("lung", FLOOR, 0.9), ("lung", OURS, 0.85))
ROWS = [
    *(row(name, method, metric, value) for name, method, value in SAID for metric in METRICS),
    row("all claimed probes", OURS, "mean relative gain", 0.04, labels="better on 1 of 2"),
]  # fmt: skip


def test_each_method_has_its_column_and_the_best_is_bold() -> None:
    lines = wide_table(ROWS).splitlines()
    assert lines[0] == "| probe (test images) | ImageNet | ours |"
    assert lines[2] == "| breast (20) | 0.700 / 0.700 | **0.800** / **0.800** |"
    assert lines[3] == "| lung (20) | **0.900** / **0.900** | 0.850 / 0.850 |"
    assert lines[-1] == "| mean relative gain in macro-F1 |  | +4.0 % [-6.0, +14.0], better on 1 of 2 |"
    assert several(ROWS)
    assert not several([each for each in ROWS if each["method"] == OURS])


def test_the_picture_is_as_high_as_there_are_probes(tmp_path: Path) -> None:
    draw_probes(ROWS, "macro-F1", tmp_path / "two.png", "two probes")
    more = [row(f"probe {index}", method, "macro-F1", 0.5) for index in range(8) for method in (FLOOR, OURS)]
    draw_probes(more, "macro-F1", tmp_path / "eight.png", "eight probes")
    two, eight = (cv2.imread(str(tmp_path / f"{name}.png")) for name in ("two", "eight"))
    assert two is not None
    assert eight is not None
    assert eight.shape[0] - two.shape[0] == 6 * 36
    assert len({tuple(colour) for colour in two.reshape(-1, 3)[::3].tolist()}) > 10
