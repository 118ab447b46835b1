"""Folders and tables of small pictures, as a user would hand them over."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 48, 64


def write_picture(path: Path, left: int, seed: int) -> None:
    """Noise with a bright block whose left edge stands at `left`; its mask goes beside, as `<stem>_mask.png`."""
    picture = np.random.default_rng(seed).integers(5, 60, (HEIGHT, WIDTH)).astype(np.uint8)
    mask = np.zeros_like(picture)
    mask[14:32, left : left + 16] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.where(mask > 0, picture + 150, picture).astype(np.uint8))
    masks = path.parent.parent / "masks" if path.parent.name == "images" else None
    if masks is not None:
        masks.mkdir(exist_ok=True)
        cv2.imwrite(str(masks / path.name), mask)


def class_folders(root: Path, counts: dict[str, int]) -> Path:
    """One folder per class; the block stands further right in each."""
    for at, (name, count) in enumerate(counts.items()):
        for number in range(count):
            write_picture(root / name / f"{name}_{number:02d}.png", 4 + 36 * at + number % 5, 100 * at + number)
    return root


def table(root: Path, rows: Sequence[dict[str, object]], name: str = "mine.csv") -> Path:
    """A CSV with the columns of the first row."""
    path = root / name
    root.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def masked_rows(root: Path, count: int = 12) -> list[dict[str, object]]:
    """Pictures under images/ and masks under masks/, with the block's box and corner, two pictures per subject."""
    rows: list[dict[str, object]] = []
    for number in range(count):
        left, name = 2 + (7 * number) % 44, f"{number:02d}.png"
        write_picture(root / "images" / name, left, number)
        rows.append(
            {
                "image": f"images/{name}", "mask": f"masks/{name}", "subject": f"s{number // 2}", "split": "",
                "label": "right" if left > 23 else "left", "width": left, "left": left, "top": 14, "right": left + 16,
                "bottom": 32, "x_corner": left, "y_corner": 14,
            }
        )  # fmt: skip
    return rows
