"""A run's result as Markdown: the table that decides, gains, the worth of few labels, certainty, and every number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]
FEW = 40  # per cent of the labels that shall be worth as much as all of them from scratch
GAIN = "relative gain over the best peer"
SIDE_METRICS = (
    "sensitivity",
    "specificity",
    "AUROC of the finding",
    "calibration error before",
    "calibration error",
    "calibration error by chance",
    "truth inside the 90 % set",
    "labels in the 90 % set",
    "truth inside the 90 % interval",
)
WANTED_ERROR, WANTED_COVER = 0.05, (0.85, 0.95)


def markdown(result: dict[str, Any], pictures: Sequence[str]) -> str:
    """The whole document; `pictures` are names of files beside it."""
    rows: list[Row] = result["rows"]
    deciding = [row for row in rows if row.get("decides")]
    parts = [
        "# Benchmark" + (" (quick look: few applications, small pictures, short training)" if result["quick"] else ""),
        f"Made by `{result['command']}`, commit {result['commit'] or 'unknown'}, seeds {result['seeds']}, "
        f"on {result['machine']}.",
        "Intervals are 95 %, over resampled subjects; test images only. Research use.",
        "## All applications",
        _wide(deciding),
    ]
    gains = [row for row in rows if row["metric"].endswith(GAIN)]
    if gains:
        parts += ["## Gain over the best peer", _gains(gains)]
    few = [row for row in rows if row["metric"].startswith(f"relative gain with {FEW} %")]
    if few:
        equal = sum(row["high"] is not None and row["high"] >= 0 for row in few)
        parts += [
            f"## {FEW} % of the labels against the same network from scratch with all",
            f"At least equal within the interval on {equal} of {len(few)}.",
            _gains(few),
        ]
    most = max((_share(row) for row in deciding), default=0)
    side = [row for row in rows if row["metric"] in SIDE_METRICS and _share(row) == most]
    if side:
        parts += ["## Operating points and certainty", *_certainty(side), _long(side)]
    if pictures:
        parts += ["## Pictures", *(f"![{name}]({name})" for name in pictures)]
    rest = [row for row in rows if row not in gains and row not in few]
    parts += ["## Every number", _long(rest)]
    return "\n\n".join(parts) + "\n"


def _certainty(rows: Sequence[Row]) -> list[str]:
    """A sentence per method: how often its certainty is as exact as wanted, and its intervals as wide."""
    sentences = []
    low, high = WANTED_COVER
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == method and row["value"] is not None]
        errors, chance = (
            {row["application"]: row["value"] for row in mine if row["metric"] == f"calibration error{more}"}
            for more in ("", " by chance")
        )
        cover = [row["value"] for row in mine if row["metric"].startswith("truth inside")]
        small = sum(value <= WANTED_ERROR for value in errors.values())
        explained = sum(value - chance.get(name, 0.0) <= WANTED_ERROR for name, value in errors.items())
        right = sum(low <= value <= high for value in cover)
        if errors or cover:
            sentences.append(
                f"{method}: calibration error at most {WANTED_ERROR} on {small} of {len(errors)}; at most that over "
                f"what chance shows on so few images on {explained}; 90 % sets and intervals hold the truth {low:.0%} "
                f"to {high:.0%} of the time on {right} of {len(cover)}."
            )
    return sentences


def summary(result: dict[str, Any]) -> str:
    """What a front page shows: the deciding metrics side by side, and the gains; every row, the losing ones too."""
    rows: list[Row] = result["rows"]
    parts = [_wide([row for row in rows if row.get("decides")])]
    gains = [row for row in rows if row["metric"].endswith(GAIN)]
    return "\n\n".join([*parts, *([_gains(gains)] if gains else [])])


def _share(row: Row) -> float:
    word = str(row["labels"]).split()[0]
    return float(word) if word.isdigit() else -1.0


def _number(row: Row) -> str:
    if row["value"] is None:
        return "undefined"
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def _wide(rows: Sequence[Row]) -> str:
    """Methods side by side, each with all the labels that it was given."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    most: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row["application"], row["method"])
        if key not in most or _share(row) >= _share(most[key]):
            most[key] = row
    lines = [f"| application | metric | n | {' | '.join(methods)} |", "|---|---|---|" + "---|" * len(methods)]
    for name in dict.fromkeys(row["application"] for row in rows):
        mine = [row for row in most.values() if row["application"] == name]
        cells = {row["method"]: _number(row) for row in mine}
        counted = "" if all(row["claimed"] for row in mine) else " (not counted)"
        values = " | ".join(cells.get(method, "") for method in methods)
        lines.append(f"| {name}{counted} | {mine[0]['metric']} | {mine[0]['n']} | {values} |")
    return "\n".join(lines)


def _gains(rows: Sequence[Row]) -> str:
    lines = ["| application | method | gain, % | 95 % interval | over |", "|---|---|---|---|---|"]
    for row in rows:
        if row["value"] is None:
            figures = "undefined | "
        else:
            figures = f"{100 * row['value']:.1f} | {100 * row['low']:.1f} to {100 * row['high']:.1f}"
        over = row.get("peer") or row["labels"]
        lines.append(f"| {row['application']} | {row['method']} | {figures} | {over} |")
    return "\n".join(lines)


def _long(rows: Sequence[Row]) -> str:
    lines = ["| application | method | labels | metric | value (95 % interval) | n |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = (row["application"], row["method"], row["labels"], row["metric"], _number(row), str(row["n"]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
