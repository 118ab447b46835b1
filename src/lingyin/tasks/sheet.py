"""A contact sheet of predictions: the pictures a head judged, worst first, with what is true and what it said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.files import write_file
from lingyin.runtime.decode import outline
from lingyin.tasks.contract import Task
from lingyin.tasks.own.pictures import Square
from lingyin.tasks.surfaces import dice

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
TRUE, SAID, DOUBT = (90, 220, 120), (255, 150, 60), (255, 205, 195)
COLUMNS, MOST, CAPTION = 5, 30, 34
EVEN, BELIEVED = 0.5, 0.3  # from where a mask's pixel, and a box, are taken for said


def write_sheet(path: Any, task: Task[Any, Any], squares: Sequence[Square], predictions: Sequence[Any]) -> None:
    """Writes a PNG with up to `MOST` pictures; a white one where there are none.

    Raises:
        OutputError: it cannot be written.
    """
    tiles = []
    order = sorted(range(len(squares)), key=lambda at: -_badness(task, predictions[at], squares[at].label))
    for at in order[:MOST]:
        square, said = squares[at], predictions[at]
        picture = np.repeat(square.image[..., None], 3, axis=2)
        draw = _DRAW.get(task.kind)
        if draw is not None:
            picture = draw(task, picture, square.label, said)
        wrong = task.kind == "classify" and isinstance(square.label, str) and _badness(task, said, square.label) > 0.5
        tiles.append(_captioned(picture, square.example.path.name, _words(task, square.label, said), wrong=wrong))
    if not tiles:
        tiles.append(np.full((CAPTION, CAPTION, 3), 255, np.uint8))
    while len(tiles) % COLUMNS:
        tiles.append(np.full_like(tiles[0], 255))
    rows = [np.concatenate(tiles[start : start + COLUMNS], axis=1) for start in range(0, len(tiles), COLUMNS)]
    sheet = np.concatenate(rows)
    write_file(path, cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes())


def _badness(task: Task[Any, Any], said: Any, label: Any) -> float:
    """How wrong one prediction is, by the task's own metric; something said of a picture that shows nothing of the kind
    is as bad as something missed."""
    if task.kind == "classify" and isinstance(label, str):
        return 1.0 - float(said[task.spec()["labels"].index(label)])
    if task.kind == "segment":
        return -_agreement(task, said, label)
    value = task.metrics([said], [label])[task.chooses_by]
    if np.isnan(value):
        return 0.0 if task.kind == "detect" and (said.scores >= BELIEVED).any() else -1.0
    return -value if task.higher_is_better else value


def _agreement(task: Task[Any, Any], said: Any, label: Any) -> float:
    """Mean Dice over the structures of which the truth is known, those known to be empty among them."""
    found = []
    for index, name in enumerate(task.spec()["structures"]):
        if name not in label:
            continue
        truth = np.zeros(said[index].shape, np.bool_) if label[name] is None else label[name]
        whole = cv2.resize(said[index], truth.shape[::-1], interpolation=cv2.INTER_LINEAR)
        found.append(dice(whole >= EVEN, truth))
    return float(np.mean(found)) if found else 1.0


def _words(task: Task[Any, Any], label: Any, said: Any) -> str:
    """Truth and prediction in a line."""
    if task.kind == "classify":
        names = task.spec()["labels"]
        if isinstance(label, str):
            best = int(np.argmax(said))
            return f"{label} > {names[best]} {said[best]:.2f}"
        return " ".join(f"{name}:{int(bool(label.get(name)))}>{p:.2f}" for name, p in zip(names, said, strict=True))
    if task.kind == "measure":
        return f"{label:.4g} > {said.value:.4g} ({said.low:.4g}-{said.high:.4g})"
    if task.kind == "describe":
        wrong = sorted((said.yes & label.no) | (label.yes & set(task.spec()["codes"]) - said.yes))
        return "all right" if not wrong else "wrong: " + " ".join(wrong)
    value = task.metrics([said], [label])[task.chooses_by]
    return f"{task.chooses_by} {value:.3g}"


def _captioned(picture: Picture, name: str, words: str, *, wrong: bool) -> Picture:
    strip = np.full((CAPTION, picture.shape[1], 3), DOUBT if wrong else (255, 255, 255), np.uint8)
    for line, text in enumerate((name, words)):
        shown = text.encode("ascii", "replace").decode()[: picture.shape[1] // 6]
        cv2.putText(strip, shown, (3, 13 + 15 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (0, 0, 0), 1, cv2.LINE_AA)
    framed = np.concatenate([picture, strip])
    return np.asarray(cv2.copyMakeBorder(framed, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8)


def _outlines(task: Task[Any, Any], picture: Picture, label: Any, said: Any) -> Picture:
    for index, name in enumerate(task.spec()["structures"]):
        truth = label.get(name)
        whole = cv2.resize(said[index], picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        for mask, ink in ((None if truth is None else truth.astype(np.float32), TRUE), (whole, SAID)):
            for ring in [] if mask is None else outline(mask):
                cv2.polylines(picture, [np.round(ring).astype(np.int32)], True, ink, 1, cv2.LINE_AA)
    return picture


def _boxes(_task: Task[Any, Any], picture: Picture, label: Any, said: Any) -> Picture:
    shown = [(box, TRUE) for box in label.boxes]
    shown += [(box, SAID) for box, score in zip(said.boxes, said.scores, strict=True) if score >= BELIEVED]
    for box, ink in shown:
        left, top, right, bottom = (round(float(v)) for v in box)
        cv2.rectangle(picture, (left, top), (right, bottom), ink, 1)
    return picture


def _points(task: Task[Any, Any], picture: Picture, label: Any, said: Any) -> Picture:
    for name, spot in zip(task.spec()["points"], said, strict=True):
        cv2.circle(picture, (round(spot.x), round(spot.y)), max(1, round(spot.radius)), SAID, 1, cv2.LINE_AA)
        if name in label:
            x, y = (round(v) for v in label[name])
            cv2.drawMarker(picture, (x, y), TRUE, cv2.MARKER_CROSS, 9, 1)
    return picture


def _beside(_task: Task[Any, Any], picture: Picture, label: Any, said: Any) -> Picture:
    """Left third as given, middle third as restored, right third as it was."""
    third = picture.shape[1] // 3
    for start, values in ((third, said), (2 * third, label)):
        picture[:, start : start + third] = np.round(values[:, start : start + third, None] * 255).astype(np.uint8)
    return picture


_DRAW: dict[str, Callable[[Task[Any, Any], Picture, Any, Any], Picture]] = {
    "segment": _outlines,
    "detect": _boxes,
    "landmark": _points,
    "enhance": _beside,
}
