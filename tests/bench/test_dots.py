"""Pictures of results are written whole, and the same result gives the same picture."""

from __future__ import annotations

from pathlib import Path

import cv2

from lingyin.bench.dots import draw_agreement, draw_dots

ROWS = [
    {"application": f"head_{n}", "metric": metric, "value": 0.5 + n / 10, "low": 0.4, "high": 0.95, "n": 7}
    for n in range(4)
    for metric in ("AUROC", "Dice")
]


def test_dots_grow_with_their_rows_and_repeat(tmp_path: Path) -> None:
    one, again, both = (tmp_path / name for name in ("one.png", "again.png", "both.png"))
    draw_dots({"rows": ROWS}, ["Dice"], one, "title")
    draw_dots({"rows": ROWS}, ["Dice"], again, "title")
    draw_dots({"rows": ROWS}, ["Dice", "AUROC"], both, "title")
    assert one.read_bytes() == again.read_bytes()
    assert cv2.imread(str(both)).shape[0] > cv2.imread(str(one)).shape[0]


def test_agreement_has_a_panel_per_quantity(tmp_path: Path) -> None:
    pairs = {f"quantity_{n}": [(value + 0.1 * n, value) for value in range(1, 6)] for n in range(5)}
    draw_agreement(pairs, tmp_path / "five.png", "title")
    draw_agreement({"one": pairs["quantity_0"]}, tmp_path / "one.png", "title")
    assert cv2.imread(str(tmp_path / "five.png")).shape[0] > cv2.imread(str(tmp_path / "one.png")).shape[0]
