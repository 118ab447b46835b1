"""Small sources for builds: pictures with the texture of speckle beside a labels.csv, and what a folder holds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lingyin.curate.settings import Settings, settings_with

HEADER = "file,subject,split,liver,liver_lesion_malignant,mask_liver_outline,mm_per_px"
SMALL = {"unit_items": 4, "shard_mb": 0.02, "longest_side_px": 64, "frames_per_clip": 2, "clean": "none"}


def small(**changes: object) -> Settings:
    """Settings under which a dozen pictures make several units and shards."""
    return settings_with(**{**SMALL, **changes})


def speckle(seed: int, height: int = 60, width: int = 80) -> NDArray[np.uint8]:
    """A picture that differs from every other seed's in its low frequencies."""
    generator = np.random.default_rng(seed)
    coarse = cv2.resize(generator.uniform(40, 200, (6, 8)).astype(np.float32), (width, height))
    return np.clip(coarse * generator.rayleigh(0.8, (height, width)), 0, 255).astype(np.uint8)


def make_source(folder: Path, count: int = 12, first: int = 0, per_subject: int = 2, splits: bool = False) -> Path:
    """A folder with `count` pictures of liver, two of each subject; every third has an outline."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [HEADER]
    for index in range(count):
        Image.fromarray(speckle(first + index)).save(folder / f"{index:03d}.png")
        mask = ""
        if index % 3 == 0:
            mask = f"mask_{index:03d}.png"
            drawn = np.zeros((60, 80), np.uint8)
            drawn[10:40, 20:60] = 255
            Image.fromarray(drawn).save(folder / mask)
        subject = index // per_subject
        split = ("train", "val", "test")[subject % 3] if splits else ""
        lines.append(f"{index:03d}.png,s{subject},{split},yes,{('yes', 'no', '')[index % 3]},{mask},0.2")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder but the lock, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }
