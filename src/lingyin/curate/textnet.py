"""Finds lines of text in a picture with the networks that the wheel of `rapidocr` carries, run in OpenVINO.

Only the wheel's model files are used (PP-OCRv6, Apache-2.0); none of its code runs, and nothing is downloaded.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Box, Frame
from lingyin.core.errors import UsageError

_DETECTOR, _READER = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
_STRIDE = 32  # the network takes sides that are multiples of it
_LONGER_SIDE = (640, 1280)  # pixels that pictures are brought to, so that small print has height enough
_MOST_ENLARGED = 2.0
_TEXT = (
    0.3,
    0.6,
    0.85,
)  # probability of a line's pixels (Liao et al. 2020, differentiable binarisation), then stricter
_SURE = 0.55  # mean probability of a line
_LEAST_PIXELS = 10  # of a line's shrunken core, at the network's size
_LEAST_FILL = 0.35  # of its box by the core: the outline of a sector has none
_THINNEST = 6.5  # pixels of the frame, of a line's box: letters of 5 by 7 dots are the least that can be read
_HIGHEST = 0.08  # height of a line over the picture's longer side
_COARSE, _CLOSER = 12.0, 1.5  # pixels of the blur that is taken away; how much larger the third look is
_COVERED, _MOST_DOUBTFUL = 0.6, 40
_LINE = (48, 320)  # pixels of a line that the reader is shown
_LEAST_READ, _READ_SURE = 2, 0.8  # characters, and their mean probability
_GROWTH = 1.7  # area over outline length: the core of a line is its shrunken polygon


class TextNetwork:
    """The compiled networks; calling this with a frame gives the boxes of its text lines.

    A sector is a shape of its own, in whose glow the detector may lose a line. A thorough search looks again, with
    stricter thresholds, at the picture without its coarse brightness, and at a larger size; what only this brings up
    counts where the second network reads it. That takes about five times as long.
    """

    def __init__(self, threads: int = 1, *, thorough: bool = False) -> None:
        """Raises UsageError where the extra `curate` is not installed."""
        import openvino

        core = openvino.Core()
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}

        def compiled(name: str) -> Any:
            return core.compile_model(core.read_model(model_folder() / name), "CPU", options)

        self._detector = compiled(_DETECTOR)
        self._reader: Any = compiled(_READER) if thorough else None

    def __call__(self, frame: Frame) -> list[Box]:
        """Boxes of the lines of text in a frame (H, W, 3) uint8, in its pixels, from the top down."""
        longer = max(frame.shape[:2])
        scale = min(max(1.0, _LONGER_SIDE[0] / longer), _MOST_ENLARGED, _LONGER_SIDE[1] / longer)
        likely = self._likely(frame, scale)
        plain = _lines(likely, _TEXT[0], frame.shape)
        if self._reader is None:
            return plain
        doubtful = _not_covered(self._doubtful(frame, likely, scale), plain, frame.shape)
        return plain + [box for box in doubtful if self._reads(frame, box)]

    def _doubtful(self, frame: Frame, likely: NDArray[np.float32], scale: float) -> list[Box]:
        """Boxes that only stricter thresholds, the picture without its coarse brightness, or a closer look give."""
        coarse = cv2.GaussianBlur(frame, (0, 0), _COARSE)
        closer = min(_CLOSER * scale, _LONGER_SIDE[1] / max(frame.shape[:2]))
        doubtful = [box for threshold in _TEXT[1:] for box in _lines(likely, threshold, frame.shape)]
        for picture, size in ((cv2.subtract(frame, coarse), scale), (frame, closer)):
            again = self._likely(np.asarray(picture, np.uint8), size)
            doubtful += [box for threshold in _TEXT for box in _lines(again, threshold, frame.shape)]
        return doubtful

    def _likely(self, frame: Frame, scale: float) -> NDArray[np.float32]:
        """Probability of text (rows, columns) at about `scale` times the frame's size."""
        rows, columns = (max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in frame.shape[:2])
        resized = cv2.resize(np.ascontiguousarray(frame), (columns, rows), interpolation=cv2.INTER_LINEAR)
        return np.asarray(self._detector(_batch(np.asarray(resized, np.uint8)))[0][0, 0], np.float32)

    def _reads(self, frame: Frame, box: Box) -> bool:
        """Whether the reader is sure of at least two characters in the box (greedy CTC; Graves et al. 2006)."""
        line = frame[int(box.top) : int(np.ceil(box.bottom)), int(box.left) : int(np.ceil(box.right))]
        if line.shape[0] > 1.5 * line.shape[1]:
            line = np.rot90(line)
        width = min(_LINE[1], max(_LINE[0] // 3, round(_LINE[0] * line.shape[1] / line.shape[0])))
        canvas = np.full((*_LINE, 3), 127, np.uint8)
        canvas[:, :width] = cv2.resize(np.ascontiguousarray(line), (width, _LINE[0]))
        answer = np.asarray(self._reader(_batch(canvas))[0][0])
        best = answer.argmax(axis=1)
        new = (best > 0) & (best != np.concatenate([[0], best[:-1]]))
        return int(new.sum()) >= _LEAST_READ and float(answer.max(axis=1)[new].mean()) >= _READ_SURE


def _batch(picture: Frame) -> NDArray[np.float32]:
    return np.asarray((picture.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None], np.float32)


def _not_covered(boxes: list[Box], by: list[Box], shape: tuple[int, ...]) -> list[Box]:
    """At most 40 boxes, the largest first, most of whose area lies outside the others."""
    covered = np.zeros(shape[:2], bool)
    for box in by:
        covered[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1] = True
    rest = []
    for box in sorted(boxes, key=lambda box: -box.width * box.height):
        part = covered[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1]
        if part.size and part.mean() < _COVERED:
            rest.append(box)
    return rest[:_MOST_DOUBTFUL]


def model_folder() -> Path:
    """Folder of the model files in the installed wheel. Raises UsageError where it is not installed."""
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("searching pictures for text needs the extra `curate`: pip install 'lingyin[curate]'")
    return Path(spec.submodule_search_locations[0]) / "models"


def _lines(likely: NDArray[np.float32], threshold: float, shape: tuple[int, ...]) -> list[Box]:
    """Boxes in the frame's pixels of the sure lines in a map of probabilities."""
    core = (likely > threshold).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(core)
    y_scale, x_scale = shape[0] / likely.shape[0], shape[1] / likely.shape[1]
    boxes = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in statistics[number])
        part = slice(top, top + height), slice(left, left + width)
        is_line = area >= _LEAST_FILL * width * height and min(width, height) <= _HIGHEST * max(likely.shape)
        if area < _LEAST_PIXELS or not is_line or likely[part][labels[part] == number].mean() < _SURE:
            continue
        grown = _GROWTH * width * height / (2 * (width + height)) + 1
        box = Box(
            max(0.0, left - grown) * x_scale,
            max(0.0, top - grown) * y_scale,
            min(left + width + grown, likely.shape[1]) * x_scale,
            min(top + height + grown, likely.shape[0]) * y_scale,
        )
        if min(box.width, box.height) >= _THINNEST:
            boxes.append(box)
    return boxes
