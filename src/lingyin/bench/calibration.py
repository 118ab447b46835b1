"""What val decides and test is held to: temperature, operating point, width of a number's interval; and the errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import Floats, Ints
from lingyin.runtime.network import softmax
from lingyin.tasks.calibrate import fit_temperature

BINS = 10
COVER = 0.9


def expected_calibration_error(probabilities: Floats, targets: Ints, bins: int = BINS) -> float:
    """Mean gap between certainty and accuracy of the likeliest label (Naeini et al. 2015), over `bins` bins that hold
    equally many images each (Nguyen & O'Connor 2015): equal widths would leave some empty in small test splits."""
    certainty = probabilities.max(axis=1)
    right = (probabilities.argmax(axis=1) == targets).astype(np.float64)
    parts = np.array_split(np.argsort(certainty, kind="stable"), min(bins, len(certainty)))
    gaps = [len(part) * abs(float(certainty[part].mean() - right[part].mean())) for part in parts if len(part)]
    return float(sum(gaps) / len(certainty))


def calibration_error_by_chance(probabilities: Floats, bins: int = BINS) -> float:
    """The calibration error that certainties show on so few images although they are exact: in every bin the mean
    distance of a normal variable from its mean, with the spread that the certainties themselves imply (the expectation
    that Broecker & Smith 2007 resample)."""
    certainty = np.sort(probabilities.max(axis=1))
    parts = np.array_split(certainty, min(bins, len(certainty)))
    spreads = [float(np.sqrt((part * (1 - part)).sum())) for part in parts]
    return float(np.sqrt(2 / np.pi) * sum(spreads) / len(certainty))


def reliability(probabilities: Floats, targets: Ints, bins: int = BINS) -> NDArray[np.float64]:
    """`(bins, 3)` mean certainty, accuracy and number of images, for the picture of calibration."""
    certainty = probabilities.max(axis=1)
    right = (probabilities.argmax(axis=1) == targets).astype(np.float64)
    parts = np.array_split(np.argsort(certainty, kind="stable"), min(bins, len(certainty)))
    return np.array([(certainty[part].mean(), right[part].mean(), len(part)) for part in parts if len(part)])


def tempered(probabilities: Floats, temperature: float) -> NDArray[np.float32]:
    """Probabilities after their logarithms are divided by the temperature (Guo et al. 2017)."""
    return np.asarray(softmax(np.log(np.clip(probabilities, 1e-9, 1)).astype(np.float32) / np.float32(temperature)))


def temperature_of(probabilities: Floats, targets: Ints) -> float:
    """The temperature that fits val best; 1 where val is empty or holds labels that training never saw alone."""
    known = targets >= 0
    if not known.any():
        return 1.0
    return fit_temperature(np.log(np.clip(probabilities[known], 1e-9, 1)).astype(np.float32), targets[known])


def interval_width(residuals: Floats, cover: float = COVER) -> float:
    """Half width of the interval that covers a new number with probability `cover`, from the absolute errors on val
    (split conformal prediction, Vovk et al. 2005); NaN where val is empty."""
    known = np.sort(np.abs(residuals[~np.isnan(residuals)]))
    if not len(known):
        return float("nan")
    place = min(int(np.ceil((len(known) + 1) * cover)) - 1, len(known) - 1)
    return float(known[place])
