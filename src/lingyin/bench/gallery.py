"""The worst and the best cases of an application as pictures: what is true beside what was said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.judge import EVEN, Judged
from lingyin.bench.sheets import Sheet

SIDE = 224  # pixels of a tile
BAR = 34  # pixels below a tile for its words
EACH = 4  # tiles per row
TRUE, SAID = (90, 200, 90), (60, 140, 255)  # BGR
VALUES = {"segment": "Dice", "detect": "F1"}  # what the worth of a case is called
Tile = NDArray[np.uint8]


def worth(sheet: Sheet) -> NDArray[np.float64]:
    """How good each case is, `(N,)`; NaN where nothing can be said of a single one."""
    columns = sheet.columns
    if sheet.task == "classify":
        truth = columns["truth"]
        return np.asarray(columns["probability"][np.arange(len(truth)), truth], np.float64)
    if sheet.task == "segment":
        return _row_means(columns["dice"])
    if sheet.task == "landmark":
        return -_row_means(columns["error"])
    if sheet.task == "measure":
        return np.asarray(-np.abs(columns["answer"] - columns["truth"]), np.float64)
    if sheet.task == "enhance":
        return np.asarray(columns["psnr"] - columns["psnr_before"], np.float64)
    if sheet.task == "describe":
        wrong = (columns["said"] & (columns["truth"] < 0)) | (~columns["said"] & (columns["truth"] > 0))
        return -np.asarray(wrong.sum(axis=1), np.float64)
    hits = sum(columns[f"hit{i}"][:, :, 0].sum(axis=1) for i in range(int(sheet.facts["classes"])))
    found = sum((~np.isnan(columns[f"score{i}"])).sum(axis=1) for i in range(int(sheet.facts["classes"])))
    true = sum(columns[f"truths{i}"] for i in range(int(sheet.facts["classes"])))
    return np.asarray(2 * hits / np.maximum(found + true, 1), np.float64)


def _row_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    total = np.where(known, values, 0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def gallery(judged: Judged, sheet: Sheet) -> bytes:
    """A PNG with the worst cases above and the best below. True outlines are green, given ones orange."""
    values = worth(sheet)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    draw = _Drawer(judged, sheet)
    rows = [[draw(int(place)) for place in part] for part in (order[:EACH], order[::-1][:EACH])]
    words = ("worst", "best")
    strips = [_strip(word, tiles) for word, tiles in zip(words, rows, strict=True)]
    good, data = cv2.imencode(".png", np.concatenate(strips))
    assert good, "OpenCV encodes colour pictures of any size"
    return bytes(data)


def _strip(word: str, tiles: Sequence[Tile]) -> Tile:
    blank = np.zeros((SIDE + BAR, SIDE, 3), np.uint8)
    row = np.concatenate([*tiles, *[blank] * (EACH - len(tiles))], axis=1)
    title = np.zeros((22, row.shape[1], 3), np.uint8)
    cv2.putText(title, word, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([title, row])


class _Drawer:
    """Draws single cases; maps are decoded once."""

    def __init__(self, judged: Judged, sheet: Sheet) -> None:
        self.judged, self.sheet = judged, sheet
        self.index = {row["id"]: number for number, row in enumerate(judged.rows.rows)}
        asked = judged.at("test").tolist()
        self.place = {index: number for number, index in enumerate(asked)}
        kind = judged.task.kind
        self.maps = judged.maps("test") if kind == "segment" else []
        self.restored = judged.predictions("test") if kind == "enhance" else []
        self.say: dict[str, Callable[[int], tuple[str, str]]] = {
            "classify": self._labels,
            "measure": self._numbers,
            "describe": self._facts,
        }

    def __call__(self, row: int) -> Tile:
        index = self.index[str(self.sheet.names[row])]
        if self.restored:
            picture = np.round(np.asarray(self.restored[self.place[index]]) * 255).astype(np.uint8)
        else:
            picture = self.judged.rows.picture(index)
        tile = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
        scale = SIDE / max(tile.shape[:2])
        tile = np.asarray(cv2.resize(tile, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        if self.maps:
            for truth, probability in zip(self.judged.truth(index), self.maps[self.place[index]], strict=True):
                for mask, colour in ((truth, TRUE), (probability >= EVEN, SAID)):
                    if mask is not None:
                        _outline(tile, mask, colour)
        framed = np.zeros((SIDE + BAR, SIDE, 3), np.uint8)
        framed[: tile.shape[0], : tile.shape[1]] = tile[:SIDE, :SIDE]
        words = self.say.get(self.sheet.task, self._value)(row)
        for line, (text, colour) in enumerate(zip(words, (TRUE, SAID), strict=True)):
            at = (4, SIDE + 13 + 15 * line)
            cv2.putText(framed, text[:38], at, cv2.FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv2.LINE_AA)
        return framed

    def _value(self, row: int) -> tuple[str, str]:
        value, task = float(worth(self.sheet)[row]), self.sheet.task
        if task == "enhance":  # what was won or lost, so its sign matters
            words = f"{value:+.2f} dB"
        elif task == "landmark":
            words = f"{-value:.2f} {self.judged.application.unit}"
        else:
            words = f"{VALUES[task]} {value:.2f}"
        return str(self.sheet.names[row]), words

    def _labels(self, row: int) -> tuple[str, str]:
        labels = self.judged.task.spec()["labels"]
        said = self.sheet.columns["probability"][row]
        return labels[int(self.sheet.columns["truth"][row])], f"{labels[int(said.argmax())]} {said.max():.2f}"

    def _numbers(self, row: int) -> tuple[str, str]:
        unit = self.judged.application.unit
        return tuple(f"{self.sheet.columns[key][row]:.2f} {unit}" for key in ("truth", "answer"))  # type: ignore[return-value]

    def _facts(self, row: int) -> tuple[str, str]:
        codes = np.asarray(self.judged.task.spec()["codes"])
        said, truth = self.sheet.columns["said"][row], self.sheet.columns["truth"][row]
        return ", ".join(codes[truth > 0]), ", ".join(codes[said])


def _outline(tile: Tile, mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    size = (tile.shape[1], tile.shape[0])
    shrunk = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127
    contours, _ = cv2.findContours(shrunk.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tile, contours, -1, colour, 1, cv2.LINE_AA)
