"""Cells of the benchmark on disk: what one method, taught with one label budget and seed, says of val and test.

A cell is written whole or not at all, so a run that was killed goes on with the first one that is missing.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.files import write_file

META = "meta"


@dataclass(frozen=True, order=True)
class CellName:
    """Which cell: the fit's key, the method and its mark, the label budget in per cent, the seed."""

    fit: str
    method: str
    mark: str
    percent: int
    seed: int

    def path(self, folder: Path) -> Path:
        return folder / "cells" / self.fit / f"{self.method}-{self.mark}" / f"{self.percent:03d}-{self.seed}.npz"


@dataclass(frozen=True)
class Cell:
    """`arrays` of any shape by name, and `meta`, which JSON can hold."""

    arrays: Mapping[str, NDArray[Any]]
    meta: Mapping[str, Any] = field(default_factory=dict)


def write_cell(path: Path, cell: Cell) -> None:
    """Raises OutputError; nothing half-written stays."""
    buffer = io.BytesIO()
    meta = np.frombuffer(json.dumps(cell.meta, sort_keys=True).encode(), np.uint8)
    arrays: dict[str, Any] = {META: meta, **cell.arrays}
    np.savez_compressed(buffer, **arrays)
    write_file(path, buffer.getvalue(), durable=True)


def read_cell(path: Path) -> Cell | None:
    """The cell; None where it is absent or damaged, so that it is made again."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:  # a damaged file is closed this way
            arrays = {name: kept[name] for name in kept.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    meta = json.loads(arrays.pop(META).tobytes())
    return Cell(arrays, meta)


def short_mark(*parts: object) -> str:
    """A short hash of whatever decides a cell: weights, settings, data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:10]
