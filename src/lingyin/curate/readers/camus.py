"""CAMUS: a folder per patient with NIfTI pictures of two views at end diastole and end systole, and half cycles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Mask
from lingyin.core.errors import InputError
from lingyin.curate.readers.arrays import grey_frames
from lingyin.curate.readers.contract import Item, MaskLoader, Reader
from lingyin.curate.readers.nifti import read_nifti, read_nifti_size
from lingyin.curate.readers.shapes import find_root

_FILE = re.compile(r"(patient\d+)_(2CH|4CH)_(ED|ES|half_sequence)\.nii(\.gz)?")


class Camus(Reader):
    """Leclerc et al. 2019. Arrays are stored with columns first. `Info_4CH.cfg` names quality and ejection fraction."""

    name = "camus"
    expected = "folders patient0001, patient0002, ... with patient0001_4CH_ED.nii.gz and patient0001_4CH_ED_gt.nii.gz"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "patient*/patient*_*CH_*.nii*")
        if root is None:
            raise self.misfit(folder)
        for patient in sorted(path for path in root.glob("patient*") if path.is_dir()):
            for path in sorted(patient.iterdir()):
                if match := _FILE.fullmatch(path.name):
                    stem, view, instant = match.group(1, 2, 3)
                    yield self._item(path, stem, view, instant, path.name[match.end(3) :])

    def _item(self, path: Path, patient: str, view: str, instant: str, suffix: str) -> Item:
        info = _read_info(path.with_name(f"Info_{view}.cfg"))
        is_clip = instant == "half_sequence"
        told = {"view": view, "instant": "" if is_clip else instant, "ImageQuality": info.get("ImageQuality", "")}
        truth = path.with_name(f"{patient}_{view}_{instant}_gt{suffix}")
        shape, voxel_mm = read_nifti_size(path)
        chosen = range(shape[2]) if is_clip and len(shape) == 3 else (0,)
        masks = {
            code: {frame: _labelled(truth, frame, int(value)) for frame in chosen}
            for value, code in self.labels.masks.items()
            if truth.is_file()
        }
        fraction = {"2CH": "two_chamber", "4CH": "four_chamber"}[view]
        return Item(
            key=path.name.removesuffix(suffix),
            source=path,
            kind="clip" if is_clip else "picture",
            open=grey_frames(lambda: _stack(path)),
            labels=self.labels.row(told, path),
            group=patient,
            subject=patient,
            licence=self.licence,
            masks=masks,
            measurements={f"left_ventricular_ejection_fraction_{fraction}": float(info["EF"])} if "EF" in info else {},
            mm_per_px=(voxel_mm[0], voxel_mm[1]),
            facts={name: info[name] for name in ("Sex", "Age", "FrameRate") if name in info},
        )


def _stack(path: Path) -> NDArray[Any]:
    """`(T, H, W)` of one file."""
    values = read_nifti(path)
    if not 2 <= values.ndim <= 3:
        raise InputError(path, f"has {values.ndim} axes, not two or three", "take the published file")
    return values.reshape(*values.shape[:2], -1).transpose(2, 1, 0)


def _labelled(path: Path, frame: int, value: int) -> MaskLoader:
    def load() -> Mask:
        mask: Mask = np.rint(_stack(path)[frame]) == value
        return mask

    return load


def _read_info(path: Path) -> dict[str, str]:
    """`name: value` lines; empty where the file was not unpacked."""
    if not path.is_file():
        return {}
    lines = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    return {name.strip(): value.strip() for name, _, value in lines if value.strip()}


READER = Camus()
