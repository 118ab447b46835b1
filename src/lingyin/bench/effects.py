"""The figure of an ablation: what each part adds, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lingyin.pretrain.figure import new_figure, png_bytes


def interval_figure(rows: Sequence[dict[str, Any]], title: str) -> bytes:
    """A PNG with one line per row: its value as a dot, its 95 % interval as a bar, zero as a rule."""
    figure = new_figure(7.2, 1.3 + 0.42 * len(rows))
    axes = figure.add_subplot()
    for line, row in enumerate(rows):
        clear = row["low"] > 0 or row["high"] < 0
        colour = "#0b6e4f" if clear and row["value"] > 0 else "#b3261e" if clear else "#6b7280"
        axes.plot([row["low"], row["high"]], [line, line], color=colour, lw=2.5, solid_capstyle="round")
        axes.plot([row["value"]], [line], "o", color=colour, ms=7)
    axes.axvline(0, color="#111827", lw=0.8)
    axes.set_yticks(range(len(rows)), [row["method"] for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"{rows[0]['metric']}, with 95 % interval (grey: crosses zero)")
    axes.set_title(title, loc="left", fontsize=11)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.25)
    return png_bytes(figure, 130)
