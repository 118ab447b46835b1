"""Filters that learn nothing, as peers for enhancement."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import Floats

MEDIAN_PX = 3
PATCH_PX, SEARCH_PX = 5, 13
STRENGTH = 0.8  # of the estimated noise


def _median(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.medianBlur(image, MEDIAN_PX), np.uint8)


def _non_local_means(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Buades et al. 2005, with the noise estimated from the picture's finest wavelet-like differences."""
    fine = image.astype(np.float32) - cv2.GaussianBlur(image, (0, 0), 1.0).astype(np.float32)
    sigma = float(np.median(np.abs(fine))) / 0.6745
    return np.asarray(cv2.fastNlMeansDenoising(image, None, max(STRENGTH * sigma, 1.0), PATCH_PX, SEARCH_PX), np.uint8)


FILTERS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {"median": _median, "nlm": _non_local_means}


def filtered(name: str, images: NDArray[np.uint8]) -> Floats:
    """Every picture of `(N, S, S)` through the filter called `name`, as numbers 0..1."""
    return np.stack([FILTERS[name](image) for image in images]).astype(np.float32) / 255
