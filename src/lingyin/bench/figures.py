"""The pictures of a run: label curves, the forest of gains, confusion of labels, reliability of certainties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lingyin.bench.calibration import reliability
from lingyin.bench.document import Table
from lingyin.bench.sheets import Sheet
from lingyin.pretrain.figure import new_figure, png_bytes

COLOURS = ("#0b6e6e", "#c2571a", "#5b5b9f", "#8a8a8a", "#b08900", "#a03050", "#3a7d3a", "#555555")
COLUMNS = 4
NAME_INCHES = 4.2  # of a legend, for the longest title of a method
Row = dict[str, Any]


def _png(figure: Figure) -> bytes:
    return png_bytes(figure, 110)


def label_curves(table: Table, rows: Sequence[Row]) -> bytes | None:
    """One panel per application: the deciding metric over the share of labels, with intervals; None without a share."""
    return curves(rows, [chosen.method.title for chosen in table.plan.methods], "labels, %")


def curves(rows: Sequence[Row], methods: Sequence[str], across: str) -> bytes | None:
    """One panel per application: the deciding metric of each method over the first word of `labels`, with intervals;
    None where there is one such number only. `across` names it."""
    points = [row for row in rows if row.get("decides") and row["value"] is not None]
    if len({row["labels"] for row in points}) < 2:
        return None
    names = list(dict.fromkeys(row["application"] for row in points))
    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    figure = new_figure(max(3.4 * columns, NAME_INCHES), 2.7 * lines + 0.2 * len(methods) + 0.2)
    for index, name in enumerate(names):
        axes = figure.add_subplot(lines, columns, index + 1)
        for number, method in enumerate(methods):
            mine = [row for row in points if (row["application"], row["method"]) == (name, method)]
            if mine:
                _curve(axes, mine, COLOURS[number % len(COLOURS)], method)
        axes.set_title(name, fontsize=9)
        axes.set_ylabel(next(row["metric"] for row in points if row["application"] == name), fontsize=8)
        axes.set_xlabel(across, fontsize=8)
        axes.tick_params(labelsize=7)
    legend_of_all(figure, methods)
    return _png(figure)


def _curve(axes: Axes, rows: Sequence[Row], colour: str, method: str) -> None:
    """A line with its band of intervals; a single point with a bar."""
    share = [float(row["labels"].split()[0]) for row in rows]
    order = np.argsort(share)
    x, y, low, high = (
        np.array(values, np.float64)[order]
        for values in (share, *([row[key] for row in rows] for key in ("value", "low", "high")))
    )
    if len(x) == 1:
        axes.vlines(x, low, high, color=colour, alpha=0.4, lw=1.3)
    axes.fill_between(x, low, high, color=colour, alpha=0.12, lw=0)
    axes.plot(x, y, "o-", color=colour, ms=3, lw=1.3, label=method)


def legend_of_all(figure: Figure, order: Sequence[str]) -> None:
    """One legend below with every line that any panel shows, because no method need be in all of them."""
    shown = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    names = [name for name in order if name in shown]
    beside = max(1, int(figure.get_figwidth() // NAME_INCHES))
    figure.legend([shown[name] for name in names], names, loc="outside lower center", ncols=beside, fontsize=8)


def forest(rows: Sequence[Row], metric: str) -> bytes | None:
    """Differences with their intervals, one line each, all rows shown; None where there are none."""
    shown = [row for row in rows if row["metric"] == metric and row["value"] is not None]
    shown += [row for row in rows if row["metric"] == f"mean {metric}" and row["value"] is not None]
    if not shown:
        return None
    figure = new_figure(8.5, 0.32 * len(shown) + 1.1)
    axes = figure.add_subplot()
    axes.axvline(0, color="#888888", lw=0.8)
    for place, row in enumerate(reversed(shown)):
        whole = row["application"] == "all claimed"
        colour = "#222222" if whole else COLOURS[0] if row["value"] > 0 else COLOURS[1]
        low, value, high = (100 * row[key] for key in ("low", "value", "high"))
        axes.plot([low, high], [place, place], color=colour, lw=2.2 if whole else 1.2)
        axes.plot([value], [place], "D" if whole else "o", color=colour, ms=7 if whole else 5)
    names = [row["application"] + ("" if row["claimed"] else " (not counted)") for row in reversed(shown)]
    axes.set_yticks(range(len(shown)), names, fontsize=8)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlabel(f"{metric}, %, 95 % interval over subjects", fontsize=8)
    ends = [100 * row[key] for row in shown for key in ("low", "high")]
    axes.set_xlim(max(-100.0, min(ends) - 2), min(200.0, max(ends) + 2))
    axes.tick_params(axis="x", labelsize=8)
    return _png(figure)


def confusion(sheets: Sequence[tuple[str, Sheet, Sequence[str]]]) -> bytes | None:
    """One table per (title, sheet, labels): shares of each true label that were called what."""
    if not sheets:
        return None
    columns = min(3, len(sheets))
    lines = -(-len(sheets) // columns)
    figure = new_figure(4 * columns, 3.6 * lines)
    for index, (title, sheet, labels) in enumerate(sheets):
        counts = np.zeros((len(labels), len(labels)))
        np.add.at(counts, (sheet.columns["truth"], sheet.columns["probability"].argmax(axis=1)), 1)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes = figure.add_subplot(lines, columns, index + 1)
        axes.imshow(share, vmin=0, vmax=1, cmap="BuGn")
        for row, column in np.ndindex(counts.shape):
            colour = "white" if share[row, column] > 0.6 else "black"
            axes.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center", fontsize=7, color=colour)
        short = [label.replace("_", " ")[:18] for label in labels]
        axes.set_xticks(range(len(labels)), short, rotation=35, ha="right", fontsize=6)
        axes.set_yticks(range(len(labels)), short, fontsize=6)
        axes.set_title(f"{title}: truth down, answer across", fontsize=8)
    return _png(figure)


def reliabilities(sheets: Sequence[tuple[str, Sheet, Sequence[str]]]) -> bytes | None:
    """One panel per sheet: how often the likeliest label is right, over its certainty, before and after temperature."""
    if not sheets:
        return None
    columns = min(COLUMNS, len(sheets))
    lines = -(-len(sheets) // columns)
    figure = new_figure(3.0 * columns, 2.9 * lines + 0.3)
    for index, (title, sheet, _) in enumerate(sheets):
        axes = figure.add_subplot(lines, columns, index + 1)
        axes.plot([0, 1], [0, 1], color="#bbbbbb", lw=0.8)
        for key, colour, name in (("raw", COLOURS[3], "before"), ("probability", COLOURS[0], "after")):
            bins = reliability(sheet.columns[key], sheet.columns["truth"])
            axes.plot(bins[:, 0], bins[:, 1], "o-", color=colour, ms=3, lw=1.2, label=name)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_title(title, fontsize=8)
        axes.set_xlabel("certainty", fontsize=7)
        axes.set_ylabel("right", fontsize=7)
        axes.tick_params(labelsize=6)
    figure.axes[0].legend(fontsize=7)
    return _png(figure)


def agreement(sheets: Sequence[tuple[str, Sheet, str]]) -> bytes | None:
    """Bland-Altman: difference over mean of answer and truth, with bias and limits, per (title, sheet, unit)."""
    if not sheets:
        return None
    figure = new_figure(4.2 * len(sheets), 3.4)
    for index, (title, sheet, unit) in enumerate(sheets):
        answer, truth = sheet.columns["answer"], sheet.columns["truth"]
        difference, rows = answer - truth, np.arange(len(truth))
        axes = figure.add_subplot(1, len(sheets), index + 1)
        axes.plot((answer + truth) / 2, difference, "o", color=COLOURS[0], ms=3, alpha=0.7)
        found = sheet.statistics()
        for metric, style in (("bias", "-"), ("lower limit of agreement", "--"), ("upper limit of agreement", "--")):
            axes.axhline(found[metric](rows), color=COLOURS[1], lw=1, ls=style)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel(f"mean of answer and truth, {unit}", fontsize=8)
        axes.set_ylabel(f"answer - truth, {unit}", fontsize=8)
    return _png(figure)


def heat(names: Sequence[str], values: NDArray[np.float64], clear: NDArray[np.bool_], title: str) -> bytes:
    """A square table of gains in per cent `(sources, targets)`, bold where `clear`; green is better, brown worse."""
    side = 0.85 * len(names) + 2.2
    figure = new_figure(side, side * 0.85)
    axes = figure.add_subplot()
    limit = max(5.0, float(np.nanmax(np.abs(values), initial=0)))
    axes.imshow(values, cmap="BrBG", vmin=-limit, vmax=limit)
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        dark = abs(value) > 0.6 * limit
        words = "" if np.isnan(value) else f"{value:+.1f}"
        weight = "bold" if clear[row, column] else "normal"
        ink = "white" if dark else "black"
        axes.text(column, row, words, ha="center", va="center", fontsize=8, color=ink, fontweight=weight)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("asked about", fontsize=8)
    axes.set_ylabel("adapted to", fontsize=8)
    axes.set_title(title, fontsize=9)
    return _png(figure)
