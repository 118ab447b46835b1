"""Prepared sets drawn from nothing, with the rows of the packaged tables, so that a run needs no real picture."""

from __future__ import annotations

import csv
import zlib
from pathlib import Path

import cv2
import numpy as np

from lingyin.bench.splits import read_split

SIDE = 48


def draw_set(root: Path, name: str, skip: int = 0) -> Path:
    """Mottled speckle, no two pictures alike, with a bright bar whose place follows from the label; `skip` pictures are
    left out."""
    table = read_split(name)
    folder = root / name
    (folder / "images").mkdir(parents=True)
    (root / "README.md").write_text("drawn\n", encoding="utf-8")
    rows = []
    for number, row in enumerate(table.rows):
        rng = np.random.default_rng(zlib.crc32(row["id"].encode()))
        label = next((row[c] for c in table.columns if c == "phase"), "")
        left = 4 + 24 * (label == "end_systole") + int(rng.integers(0, 3))
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[14 : 22 + number % 5, left : left + 16] = 255
        tissue = cv2.resize(rng.uniform(10, 110, (12, 12)), mask.shape, interpolation=cv2.INTER_CUBIC)
        picture = np.clip(tissue * rng.rayleigh(1, mask.shape) / 1.25 + (mask > 0) * 130, 1, 255).astype(np.uint8)
        if number >= skip:
            cv2.imwrite(str(folder / "images" / f"{row['id']}.webp"), picture)
        cells = dict(row)
        for column in table.masks:
            place = f"masks_{column.removeprefix('mask_')}/{row['id']}.png"
            if row[column]:
                (folder / place).parent.mkdir(exist_ok=True)
                cv2.imwrite(str(folder / place), mask)
                cells[column] = place
        rows.append(cells)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder
