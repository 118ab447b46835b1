"""Byra's fatty livers: one MATLAB file with ten frames, a class and the percentage of fat for each of 55 patients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.errors import InputError
from lingyin.curate.readers.arrays import grey_frames
from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.shapes import find_root

_FILE = "dataset_liver_bmodes_steatosis_assessment_IJCARS.mat"


class FattyLiver(Reader):
    """Byra et al. 2018. An item is a patient's ten consecutive frames. Fatty means more than 5 % of cells in biopsy."""

    name = "fatty_liver"
    expected = _FILE

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, _FILE)
        if root is None:
            raise self.misfit(folder)
        path = root / _FILE
        for patient in _patients(path):
            number = f"{int(np.squeeze(patient['id']))}"
            frames = np.asarray(patient["images"])
            if frames.ndim != 3:
                raise InputError(
                    path, f"patient {number} has frames of shape {frames.shape}", "take the published file"
                )
            yield Item(
                key=number,
                source=path,
                kind="clip",
                open=grey_frames(lambda frames=frames: frames),  # type: ignore[misc]
                labels=self.labels.row({"class": f"{int(np.squeeze(patient['class']))}"}, path),
                group=number,
                subject=number,
                licence=self.licence,
                facts={"fat_percent": f"{float(np.squeeze(patient['fat'])):g}"},
            )


def _patients(path: Path) -> Any:
    try:
        from scipy.io import loadmat  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise InputError(path, "is a MATLAB file, which needs scipy", 'pip install "lingyin[train]"') from error
    try:
        patients = loadmat(path)["data"].reshape(-1)
        missing = {"id", "class", "fat", "images"} - set(patients.dtype.names or ())
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(path, f"cannot be read as the published file ({error})", "download it again") from error
    if missing:
        raise InputError(path, f"lacks the fields {', '.join(sorted(missing))}", "take the published file")
    return patients


READER = FattyLiver()
