"""nnU-Net raw: one dataset per structure, for they overlap, and a picture without an outline says nothing of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.files import write_file
from lingyin.core.tree import Kind, load_tree
from lingyin.curate.corpus import Corpus

FIRST = 501  # nnU-Net keeps the numbers below for public challenges


def write(corpus: Corpus, chosen: list[int], out: Path) -> int:
    """`out/Dataset501_CODE/` with `imagesTr`, `labelsTr`, `imagesTs`, `labelsTs`, `dataset.json` and the split of train
    and val as `splits_final.json` (to be copied into nnU-Net's folder of preprocessed data).

    Layout: nnU-Net v2, documentation/dataset_format.md. Gives the number of pictures that have any outline.
    """
    structures = [node.code for node in load_tree().of_kind(Kind.STRUCTURE)]
    cases: dict[str, dict[str, list[str]]] = {}
    drawn = corpus.rows.column("masks").to_pylist()
    written = 0
    for index in chosen:
        if not drawn[index]:
            continue
        written += 1
        picture = corpus[index]
        split = str(picture.told["split"])
        grey = picture.image if picture.image.ndim == 2 else cv2.cvtColor(picture.image, cv2.COLOR_RGB2GRAY)
        part = "Ts" if split == "test" else "Tr"
        for code, mask in picture.masks.items():
            folder = out / _name(structures, code)
            write_file(folder / f"images{part}" / f"{picture.id}_0000.png", _png(grey))
            write_file(folder / f"labels{part}" / f"{picture.id}.png", _png(mask))
            cases.setdefault(code, {"train": [], "val": [], "test": []})[split].append(picture.id)
    for code, by_split in cases.items():
        folder = out / _name(structures, code)
        told: dict[str, Any] = {
            "channel_names": {"0": "ultrasound"},
            "labels": {"background": 0, code: 1},
            "numTraining": len(by_split["train"]) + len(by_split["val"]),
            "file_ending": ".png",
            "name": code,
            "description": f"{load_tree()[code].name['en']}, from a corpus with SHA-256 {corpus.head['sha256']}",
        }
        write_file(folder / "dataset.json", json.dumps(told, indent=1).encode())
        splits = [{"train": sorted(by_split["train"]), "val": sorted(by_split["val"])}]
        write_file(folder / "splits_final.json", json.dumps(splits, indent=1).encode())
    return written


def _name(structures: list[str], code: str) -> str:
    return f"Dataset{FIRST + structures.index(code)}_{code}"


def _png(picture: NDArray[Any]) -> bytes:
    return bytes(cv2.imencode(".png", np.asarray(picture, np.uint8))[1])
