"""Prepared sets read as samples: labels, masks, and lines that were lost in scaling."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.errors import UnreadableError
from lingyin.pretrain.sources import is_open
from lingyin.tasks.config import load_recipe
from lingyin.tasks.real import read_set


def _fascicle_set(folder: Path, lines: list[bool]) -> Path:
    """A set in the layout of `muscle_fascicle`; each image's line is drawn or lost."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks_fascicle").mkdir()
    rows = ["id,subject,split,width,height,source_width,source_height,mm_per_px,mask_fascicle,source_md5"]
    for number, drawn in enumerate(lines):
        name = f"muscle_fascicle_{number:05d}"
        picture = np.random.default_rng(number).integers(20, 200, (120, 160)).astype(np.uint8)
        cv2.imwrite(str(folder / "images" / f"{name}.webp"), picture)
        mask = np.zeros((120, 160), np.uint8)
        mask[60, 40:120] = 255 if drawn else 0
        cv2.imwrite(str(folder / "masks_fascicle" / f"{name}.png"), mask)
        rows.append(f"{name},b{number},train,160,120,160,120,,masks_fascicle/{name}.png,")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_thin_lines_are_widened_and_lost_ones_are_unknown(tmp_path: Path) -> None:
    folder = _fascicle_set(tmp_path / "muscle_fascicle", [True, False])
    drawn, lost = list(read_set(folder, load_recipe()))
    mask = drawn.masks["fascicle"]
    assert mask is not None
    assert mask[58:63, 60].all()
    assert not mask[57, 60]
    assert "fascicle" not in lost.masks
    assert drawn.targets == {"organ": "muscle"}


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    folder = _fascicle_set(tmp_path / "muscle_fascicle", [True])
    (folder / "images" / "muscle_fascicle_00000.webp").unlink()
    with pytest.raises(UnreadableError, match=r"muscle_fascicle_00000\.webp"):
        list(read_set(folder, load_recipe()))


@pytest.mark.parametrize(
    ("words", "expected"),
    [("CC BY 4.0", True), ("CC BY-NC 4.0", False), ("MIT (repo); origin unconfirmed", False), ("unknown", False)],
)
def test_only_licences_beyond_doubt_are_open(words: str, expected: bool) -> None:
    assert is_open(words) is expected
