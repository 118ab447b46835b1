"""Frozen encoders side by side on the same probes: a table with a column per encoder, and a picture of the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lingyin.bench.dots import ALERT, INK, PALE
from lingyin.core.files import write_file
from lingyin.pretrain.figure import new_figure, png_bytes

Row = dict[str, Any]
METRICS = ("macro-F1", "AUROC")
MARKS = ((PALE, "s"), ("#777777", "D"), (INK, "o"), (ALERT, "^"), ("#6a4c93", "v"))


def several(rows: Sequence[Row]) -> bool:
    """Whether more than one method answers the same probes."""
    return len({row.get("method", "") for row in rows}) > 1


def methods_of(rows: Sequence[Row]) -> list[str]:
    """Names of the methods in the order of the file."""
    return list(dict.fromkeys(row["method"] for row in rows))


def wide_table(rows: Sequence[Row]) -> str:
    """Markdown: a line per probe, macro-F1 / AUROC of each method; the best in bold; the gain over the first below."""
    methods = methods_of(rows)
    by = {(row["application"], row["method"], row["metric"]): row for row in rows}
    lines = ["| probe (test images) | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    for name in dict.fromkeys(row["application"] for row in rows if row["metric"] in METRICS):
        best = {m: max(by[name, method, m]["value"] for method in methods) for m in METRICS}
        cells = [" / ".join(_bold(by[name, method, m]["value"], best[m]) for m in METRICS) for method in methods]
        first = by[name, methods[0], METRICS[0]]
        told = "" if first.get("claimed", True) else ", not claimed"
        lines.append(f"| {name} ({first['n']}{told}) | " + " | ".join(cells) + " |")
    gains = {row["method"]: row for row in rows if row["metric"] not in METRICS}
    ends = [_gain(gains[method]) if method in gains else "" for method in methods]
    lines.append("| mean relative gain in macro-F1 | " + " | ".join(ends) + " |")
    return "\n".join(lines)


def _gain(row: Row) -> str:
    value, low, high = (100 * row[name] for name in ("value", "low", "high"))
    return f"{value:+.1f} % [{low:+.1f}, {high:+.1f}], {row['labels']}"


def _bold(value: float, best: float) -> str:
    return f"**{value:.3f}**" if value >= best - 5e-4 else f"{value:.3f}"


def draw_probes(rows: Sequence[Row], metric: str, target: Path, title: str) -> None:
    """Writes a PNG: a line per probe, a mark per method, the interval of the last method that stands alone."""
    methods = methods_of(rows)
    names = list(dict.fromkeys(row["application"] for row in rows if row["metric"] == metric))[::-1]
    figure = new_figure(7.2, 1.6 + 0.3 * len(names))
    panel = figure.subplots()
    shown = next((method for method in reversed(methods) if " beside " not in method), methods[-1])
    for method, (colour, mark) in zip(methods, MARKS, strict=False):
        found = {row["application"]: row for row in rows if row["metric"] == metric and row["method"] == method}
        values = [found[name]["value"] for name in names]
        if method == shown:
            ends = [
                [found[n]["value"] - found[n]["low"] for n in names],
                [found[n]["high"] - found[n]["value"] for n in names],
            ]
            panel.errorbar(values, range(len(names)), xerr=ends, fmt="none", ecolor=colour, alpha=0.35, lw=1.2)
        panel.plot(values, range(len(names)), mark, color=colour, ms=5, label=method, alpha=0.9)
    panel.set_yticks(range(len(names)), names, fontsize=7)
    panel.grid(axis="x", color="#dddddd", lw=0.6)
    panel.set_xlabel(metric, fontsize=8)
    panel.tick_params(axis="x", labelsize=7)
    panel.legend(fontsize=6.5, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False)
    figure.suptitle(title, fontsize=9)
    write_file(target, png_bytes(figure, 120))
