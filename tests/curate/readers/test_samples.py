"""Real files in their published layouts are read, and what they say agrees with the prepared copies beside them."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lingyin.core.labels import dataset_labels
from lingyin.curate.readers import Item, find_reader

pytestmark = pytest.mark.data

SAMPLES = {
    "busi": ("Dataset_BUSI_with_GT", "breast_busi", 10),
    "ctrus": ("C-TRUS", "colon_ctrus", 6),
    "covid_blues": ("COVID-BLUES", None, 3),
    "ddti_crops": ("DDTI_crops", "thyroid_ddti", 8),
    "dl_track": ("DL_Track", "muscle_aponeurosis", 3),
    "hc18": ("HC18", "fetal_head_hc18", 5),
    "mmotu": ("OTU_2d", "ovary_mmotu", 6),
    "usgra": ("USGRA", "nerve_usgra", 4),
}


def _items(root: Path, name: str) -> list[Item]:
    return list(find_reader(name).open(root / "samples" / SAMPLES[name][0]))


@pytest.mark.parametrize("name", SAMPLES)
def test_all_files_of_the_sample_are_read(real_data: Path, name: str) -> None:
    items = _items(real_data, name)
    assert len(items) == SAMPLES[name][2]
    for item in items:
        frame = item.open()[0]
        for by_frame in item.masks.values():
            for load in by_frame.values():
                assert load().shape == frame.shape[:2]


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample[1]])
def test_labels_and_masks_agree_with_the_prepared_copies(real_data: Path, name: str) -> None:
    prepared = real_data / str(SAMPLES[name][1])
    said = dataset_labels()[prepared.name]
    with (prepared / "labels.csv").open(encoding="utf-8") as file:
        rows = {row["source_md5"]: row for row in csv.DictReader(file)}
    compared = 0
    for item in _items(real_data, name):
        row = rows.get(hashlib.md5(item.source.read_bytes()).hexdigest())
        if row is None:  # exact duplicates were left out of the copies
            continue
        assert said.row(row).yes <= item.labels.yes | item.masks.keys() | {"left_ventricle"}
        for column, code in said.structures.items():
            if row[column] and code in item.masks:
                copy = np.asarray(Image.open(prepared / row[column])).astype(bool)
                assert item.masks[code][0]().mean() == pytest.approx(copy.mean(), abs=0.01)
                compared += 1
    assert compared >= 3


def test_real_dicom_files_are_calibrated(real_data: Path) -> None:
    items = list(find_reader("dicom_folder").open(real_data / "dicom"))
    assert len(items) == 3
    assert sum(item.mm_per_px is not None for item in items) >= 2
