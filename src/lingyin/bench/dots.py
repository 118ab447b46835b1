"""Result files as pictures for the documents: a dot with its interval per row, and answers against exact truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.files import write_file
from lingyin.pretrain.figure import new_figure, png_bytes

INK, PALE, ALERT = "#0b5a6e", "#8fb8c2", "#c2571a"
LINE_INCHES = 0.22
COLUMNS = 4
LIMITS = 1.96  # standard deviations between which 95 % of normal differences lie (Bland & Altman 1986)


def draw_dots(result: dict[str, Any], metrics: Sequence[str], target: Path, title: str) -> None:
    """Writes a PNG with the rows of `metrics`, each metric in a panel of its own, best value on top."""
    groups = [[row for row in result["rows"] if row["metric"] == metric] for metric in metrics]
    heights = [max(1, len(group)) for group in groups]
    figure = new_figure(7.2, 1.2 + LINE_INCHES * sum(heights) + 0.5 * len(groups))
    panels = figure.subplots(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
    for panel, metric, group in zip(panels, metrics, groups, strict=True):
        ordered = sorted(group, key=lambda row: float(row["value"]))
        values = np.array([row["value"] for row in ordered], float)
        ends = np.array([[row["low"], row["high"]] for row in ordered], float).T
        places = range(len(ordered))
        away = np.abs(ends - values)
        panel.errorbar(values, places, xerr=away, fmt="o", color=INK, ecolor=PALE, ms=4, lw=1.5)
        names = [f"{row['application'].replace('_', ' ')} ({row['n']})" for row in ordered]
        panel.set_yticks(places, names, fontsize=7)
        panel.set_xlim(0, 1.02)
        panel.set_ylim(-0.6, len(ordered) - 0.4)
        panel.grid(axis="x", color="#dddddd", lw=0.6)
        panel.tick_params(axis="x", labelsize=7)
        panel.set_title(metric, loc="left", fontsize=8, fontweight="bold")
    figure.suptitle(title, fontsize=9)
    write_file(target, png_bytes(figure, 120))


def draw_agreement(pairs: Mapping[str, Sequence[tuple[float, float]]], target: Path, title: str) -> None:
    """Bland-Altman plots: difference of answer and truth over the truth, one panel per quantity of `pairs`.

    The truth is exact here, so it stands on the axis instead of the mean of both.
    """
    lines = -(-len(pairs) // COLUMNS)
    figure = new_figure(3.2 * COLUMNS, 2.5 * lines + 0.4)
    for number, (name, values) in enumerate(pairs.items()):
        answer, truth = np.asarray(values, float).T
        difference = answer - truth
        bias, spread = float(difference.mean()), float(difference.std())
        panel = figure.add_subplot(lines, COLUMNS, number + 1)
        panel.axhline(0, color="#bbbbbb", lw=0.8)
        panel.plot(truth, difference, "o", color=INK, ms=2.5, alpha=0.6)
        panel.axhline(bias, color=ALERT, lw=1)
        for end in (-LIMITS, LIMITS):
            panel.axhline(bias + end * spread, color=ALERT, lw=0.8, ls="--")
        panel.set_title(f"{name.replace('_', ' ')} (n={len(truth)})", fontsize=8)
        panel.set_xlabel("truth", fontsize=7)
        panel.set_ylabel("answer - truth", fontsize=7)
        panel.tick_params(labelsize=6)
    figure.suptitle(title, fontsize=9)
    write_file(target, png_bytes(figure, 120))
