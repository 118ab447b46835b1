"""What the base network makes of the user's pictures, and whether an exported head answers as in the workshop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lingyin.core.errors import ModelError
from lingyin.runtime.manifest import Head
from lingyin.runtime.network import Network, Outputs, load_network
from lingyin.runtime.prepare import Prepared
from lingyin.tasks.contract import Floats
from lingyin.tasks.deliver import ORGAN
from lingyin.tasks.describe import Facts
from lingyin.tasks.fit import Fitted
from lingyin.tasks.own.pictures import Square

NONE = "none"
DRIFT = 0.02  # of a probability, or of the spread of raw outputs: rounding may cost this much


@dataclass(frozen=True)
class Glance:
    """`features (N, D)` of the user's pictures; the organ that most of them show (None where they are not recognised)
    and how many agree; how many are unlike anything the base network was trained on."""

    features: Floats
    organ: str | None
    agree: int
    novel: int

    @property
    def pictures(self) -> int:
        return len(self.features)


def glance(folder: Path, squares: Sequence[Square]) -> Glance:
    """Runs the base network over plain squares."""
    network = load_network(folder)
    outputs = _run(network, squares)
    labels = network.manifest.head(ORGAN).labels
    votes = np.bincount([int(each.probabilities[ORGAN].argmax()) for each in outputs], minlength=len(labels))
    top = int(votes.argmax())
    known = labels[top] != NONE and 2 * votes[top] > len(outputs)
    features = np.stack([each.features for each in outputs])
    novel = sum(each.novelty > 1 for each in outputs)
    return Glance(features, labels[top] if known else None, int(votes[top]), novel)


def check_export(folder: Path, fitted: Fitted, entry: Head, squares: Sequence[Square], raw: Floats) -> None:
    """Compares the exported head with the one that learnt, over the same squares; `raw (N, ...)` is what that one said.

    Raises:
        ModelError: they differ by more than rounding explains, so the folder must not be used.
    """
    outputs = _run(load_network(folder), squares)
    calibration = {"temperature": entry.temperature}
    if entry.task == "segment":
        found = np.stack([np.stack([each.masks[name] for name in entry.labels]) for each in outputs])
        wanted = np.stack(fitted.task.decode(raw))
    elif entry.task == "classify":
        found = np.stack([each.probabilities[entry.name] for each in outputs])
        said = fitted.task.decode(raw, calibration)
        wanted = np.asarray([list(each.probabilities.values()) if isinstance(each, Facts) else each for each in said])
    else:
        found, wanted = np.stack([each.raw[entry.name] for each in outputs]), raw
    scale = 1.0 if entry.task in {"segment", "classify"} else max(float(raw.std()), 1e-6)
    drift = float(np.quantile(np.abs(found - wanted), 0.999)) / scale
    if drift > DRIFT:
        raise ModelError(f"{folder}: the exported head differs from the one that learnt (by {drift:.3f}); adapt again")


def _run(network: Network, squares: Sequence[Square]) -> list[Outputs]:
    scale = np.float32(1 / 255)
    return network.run([Prepared(each.image.astype(np.float32) * scale, each.place.matrix) for each in squares])
