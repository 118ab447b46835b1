"""How unlike the training images a picture is, from its feature vector alone.

Mahalanobis distance to the nearest organ in a reduced space with one shared covariance (Lee et al. 2018), and the part
of the vector that this space cannot express (Ndiour et al. 2020); the larger of both, in units of what 99.5 % of the
validation images stay under.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
COMPONENTS = 64
QUANTILE = 0.995


@dataclass(frozen=True)
class Novelty:
    """`centre (D,)`, `basis (D, P)` already whitened, `plain (D, P)` orthonormal, `means (C, P)` whitened, and the two
    limits."""

    centre: Floats
    basis: Floats
    plain: Floats
    means: Floats
    limits: Floats  # (2,) distance, residual

    def __call__(self, features: Floats) -> Floats:
        """`features (B, D)` to scores `(B,)`; above 1 means unlike anything trained on."""
        return np.asarray((self.parts(features) / self.limits).max(axis=1), np.float32)

    def parts(self, features: Floats) -> Floats:
        """Distance to the nearest organ and residual, `(B, 2)`."""
        shifted = np.asarray(features, np.float32) - self.centre
        within = shifted @ self.basis
        distance = np.sqrt(((within[:, None] - self.means[None]) ** 2).sum(-1)).min(1)
        projected = shifted @ self.plain
        residual = np.sqrt(np.maximum((shifted**2).sum(1) - (projected**2).sum(1), 0))
        return np.stack([distance, residual], axis=1).astype(np.float32)

    def to_bytes(self) -> bytes:
        """As a NumPy archive."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        np.savez(buffer, **arrays)
        return buffer.getvalue()


_ARRAYS = ("centre", "basis", "plain", "means", "limits")


def read_novelty(content: bytes) -> Novelty:
    """The statistics from the bytes of their archive. Raises ValueError or KeyError where it is not one."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return Novelty(*(archive[name].astype(np.float32) for name in _ARRAYS))


def fit_novelty(
    train: Floats, groups: NDArray[np.integer], validation: Floats, components: int = COMPONENTS
) -> Novelty:
    """Fits on training vectors `(N, D)` with their organ `groups (N,)`; the limits come from validation vectors.

    Raises:
        ValueError: fewer vectors than components.
    """
    count, width = train.shape
    components = min(components, width)
    if count <= components:
        raise ValueError(f"{count} vectors are too few for {components} components")
    centre = train.mean(axis=0)
    shifted = (train - centre).astype(np.float64)
    _, vectors = np.linalg.eigh(shifted.T @ shifted / count)
    plain = vectors[:, ::-1][:, :components]
    reduced = shifted @ plain
    labels = np.unique(groups)
    means = np.stack([reduced[groups == label].mean(axis=0) for label in labels])
    spread = reduced - means[np.searchsorted(labels, groups)]
    values, axes = np.linalg.eigh(spread.T @ spread / count)
    floor = 1e-3 * float(values.max())  # directions in which organs hardly vary must not decide alone
    whiten = axes / np.sqrt(np.maximum(values, floor))
    raw = Novelty(*(np.asarray(a, np.float32) for a in (centre, plain @ whiten, plain, means @ whiten, np.ones(2))))
    each = raw.parts(validation)
    limits = np.quantile(each, 1 - (1 - QUANTILE) / 2, axis=0)  # either part may speak: half the errors for each
    return Novelty(raw.centre, raw.basis, raw.plain, raw.means, np.asarray(limits, np.float32))
