"""The result of a run in words: methods side by side, gains, undefined numbers, and every row."""

from __future__ import annotations

from typing import Any

from lingyin.bench.tables import table
from lingyin.bench.words import GAIN, markdown


def row(application: str, method: str, value: float | None, **more: Any) -> dict[str, Any]:
    known = value is not None
    figures = {"value": value, "low": value - 0.1 if known else None, "high": value + 0.1 if known else None, "n": 9}  # type: ignore[operator]
    base = {"application": application, "task": "classify", "method": method, "labels": "100 %", "metric": "AUROC"}
    return {**base, **figures, "claimed": True, **more}


RESULT = {
    "command": "lingyin bench -o table",
    "commit": None,
    "machine": "2 cores",
    "seeds": [0],
    "quick": False,
    "rows": [
        row("heart phase", "ours", 0.9, decides=True),
        row("heart phase", "ours", 0.7, decides=True, labels="10 %"),
        row("heart phase", "peer", 0.8, decides=True),
        row("heart view", "ours", 0.5, decides=True, claimed=False),
        row("heart view", "peer", None, decides=True, claimed=False),
        row("heart phase", "ours", 0.61, metric="sensitivity"),
        row("heart phase", "ours", 0.125, metric=GAIN, labels="all of the run", peer="peer"),
        row("all claimed", "ours", 0.125, metric=f"mean {GAIN}", labels="ahead on 1 of 1"),
        row("heart phase", "ours", -0.05, metric="relative gain with 40 % of the labels over scratch with 100 %"),
    ],
}


def test_methods_stand_side_by_side_with_all_their_labels() -> None:
    text = table(RESULT)
    assert "| application | metric | n | ours | peer |" in text
    assert "| heart phase | AUROC | 9 | 0.900 (0.800 to 1.000) | 0.800 (0.700 to 0.900) |" in text
    assert "| heart view (not counted) | AUROC | 9 | 0.500 (0.400 to 0.600) | undefined |" in text
    assert "0.700 (0.600" not in text
    assert text.endswith("Made by `lingyin bench -o table` on 2 cores.")


def test_gains_name_the_peer_and_the_count() -> None:
    text = table(RESULT)
    assert "| heart phase | ours | 12.5 | 2.5 to 22.5 | peer |" in text
    assert "| all claimed | ours | 12.5 | 2.5 to 22.5 | ahead on 1 of 1 |" in text


def test_the_whole_document_leaves_no_row_out() -> None:
    text = markdown(RESULT, ["gains.png"])
    assert "At least equal within the interval on 1 of 1." in text
    assert "## Operating points and certainty" in text
    assert text.count("sensitivity") == 2
    assert "| heart phase | ours | 10 % | AUROC | 0.700 (0.600 to 0.800) | 9 |" in text
    assert "![gains.png](gains.png)" in text
    assert "commit unknown" in text


def test_chosen_metrics_are_listed_row_by_row() -> None:
    assert "| heart view | AUROC | undefined |" in table(RESULT, ["AUROC"])


def test_certainty_is_counted_against_what_is_wanted() -> None:
    rows = [
        row("a", "ours", 0.04, metric="calibration error"),
        row("b", "ours", 0.09, metric="calibration error"),
        row("c", "ours", 0.2, metric="calibration error"),
        row("b", "ours", 0.05, metric="calibration error by chance"),
        row("c", "ours", 0.05, metric="calibration error by chance"),
        row("a", "ours", 0.9, metric="truth inside the 90 % set"),
        row("d", "ours", 0.99, metric="truth inside the 90 % interval"),
        row("d", "peer", None, metric="truth inside the 90 % interval"),
    ]
    text = markdown({**RESULT, "rows": [*RESULT["rows"], *rows]}, [])  # type: ignore[misc]
    assert "ours: calibration error at most 0.05 on 1 of 3; at most that over what chance shows" in text
    assert "on so few images on 2; 90 % sets and intervals hold the truth 85% to 95% of the time on 1 of 2." in text
    assert "peer: calibration" not in text
