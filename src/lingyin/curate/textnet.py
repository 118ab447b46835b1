"""Finds lines of text in a picture with the detection network that the wheel of `rapidocr` carries, run in OpenVINO.

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

_DETECTOR = "PP-OCRv6_det_small.onnx"
_STRIDE = 32  # the network takes sides that are multiples of it
_LONGER_SIDE = (640, 1280)  # pixels that pictures are brought to, so that small print has height enough
_MOST_ENLARGED = 2.0
_TEXT = 0.3  # probability of a pixel that begins a line (Liao et al. 2020, differentiable binarisation)
_SURE = 0.55  # mean probability of a line
_LEAST_PIXELS = 10  # of a line's shrunken core, at the network's size
_LEAST_FILL = 0.35  # of its box by the core: the outline of a sector has none
_HIGHEST = 0.08  # height of a line over the picture's longer side
_GROWTH = 1.7  # area over outline length: the core of a line is its shrunken polygon


class TextNetwork:
    """The compiled detector; calling it with a frame gives the boxes of its text lines."""

    def __init__(self, threads: int = 1) -> None:
        """Raises UsageError where the extra `curate` is not installed."""
        import openvino

        model = model_folder() / _DETECTOR
        core = openvino.Core()
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        self._network: Any = core.compile_model(core.read_model(model), "CPU", options)

    def __call__(self, frame: Frame) -> list[Box]:
        """Boxes of the lines of text in a frame (H, W, 3) uint8, in its pixels, from the top down."""
        height, width = frame.shape[:2]
        longer = max(height, width)
        scale = min(max(1.0, _LONGER_SIDE[0] / longer), _MOST_ENLARGED, _LONGER_SIDE[1] / longer)
        rows, columns = (max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (height, width))
        resized = cv2.resize(np.ascontiguousarray(frame), (columns, rows), interpolation=cv2.INTER_LINEAR)
        batch = (resized.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None]
        likely = np.asarray(self._network(batch)[0][0, 0], np.float32)
        return _lines(likely, width / columns, height / rows)


def model_folder() -> Path:
    """Folder of the model files in the installed wheel. Raises UsageError where it is not installed."""
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("searching pictures for text needs the extra `curate`: pip install 'lingyin[curate]'")
    return Path(spec.submodule_search_locations[0]) / "models"


def _lines(likely: NDArray[np.float32], x_scale: float, y_scale: float) -> list[Box]:
    """Boxes in the frame's pixels of the sure lines in a map of probabilities."""
    core = (likely > _TEXT).astype(np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(core)
    boxes = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in statistics[number])
        part = slice(top, top + height), slice(left, left + width)
        is_line = area >= _LEAST_FILL * width * height and min(width, height) <= _HIGHEST * max(likely.shape)
        if area < _LEAST_PIXELS or not is_line or likely[part][labels[part] == number].mean() < _SURE:
            continue
        grown = _GROWTH * width * height / (2 * (width + height)) + 1
        box = Box(left - grown, top - grown, left + width + grown, top + height + grown)
        limit_x, limit_y = likely.shape[1], likely.shape[0]
        boxes.append(
            Box(
                max(0.0, box.left) * x_scale,
                max(0.0, box.top) * y_scale,
                min(box.right, limit_x) * x_scale,
                min(box.bottom, limit_y) * y_scale,
            )
        )
    return boxes
