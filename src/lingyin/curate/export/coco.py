"""COCO: one JSON of instances per split, outlines as uncompressed run lengths, categories from the tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.clip import Mask
from lingyin.core.files import write_file
from lingyin.core.tree import Kind, load_tree
from lingyin.curate.corpus import Corpus, Stored
from lingyin.curate.splits import SPLITS


def write(corpus: Corpus, chosen: list[int], out: Path) -> int:
    """`out/SPLIT/ID.jpg` (or png) and `out/annotations/instances_SPLIT.json` (Lin et al. 2014, data format).

    Masks are `iscrowd` 0 with run lengths in columns; keypoints are left out, for COCO has them only of one skeleton.
    """
    tree = load_tree()
    structures = [node.code for node in tree.of_kind(Kind.STRUCTURE)]
    categories = {code: number for number, code in enumerate(structures, 1)}
    licences: dict[str, int] = {}
    told: dict[str, dict[str, list[Any]]] = {split: {"images": [], "annotations": []} for split in SPLITS}
    used: set[str] = set()
    for number, index in enumerate(chosen, 1):
        picture = corpus[index]
        split, name = str(picture.told["split"]), f"{picture.id}.{corpus.ending}"
        write_file(out / split / name, corpus.files(index)[corpus.ending])
        licence = licences.setdefault(str(picture.told["licence"]), len(licences) + 1)
        told[split]["images"].append(_image(picture, number, name, licence))
        for code, mask in picture.masks.items():
            if mask.any():
                used.add(code)
                annotations = told[split]["annotations"]
                annotations.append(_annotation(mask, len(annotations) + 1, number, categories[code]))
    listed = [
        {"id": categories[code], "name": code, "supercategory": tree.organ_of(code) or "image"}
        for code in structures
        if code in used
    ]
    for split, content in told.items():
        whole = {
            "info": {"description": "Exported from a corpus of ultrasound pictures", "version": corpus.head["sha256"]},
            "licenses": [{"id": number, "name": name, "url": ""} for name, number in licences.items()],
            "categories": listed,
            **content,
        }
        text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
        write_file(out / "annotations" / f"instances_{split}.json", text.encode())
    return len(chosen)


def _image(picture: Stored, number: int, name: str, licence: int) -> dict[str, Any]:
    height, width = picture.sector.shape
    entry = {"id": number, "file_name": name, "height": height, "width": width, "license": licence}
    labels = {"yes": sorted(picture.labels.yes), "no": sorted(picture.labels.no)}
    return {**entry, **labels, "group": picture.told["group"]}


def _annotation(mask: Mask, number: int, image: int, category: int) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "iscrowd": 0,
        "area": int(mask.sum()),
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)},
    }


def run_lengths(mask: Mask) -> list[int]:
    """Lengths of the runs down the columns, the first of zeros (it may be 0): COCO's uncompressed form."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=False))
    return [int(length) for length in np.diff(changes, prepend=0, append=flat.size)]
