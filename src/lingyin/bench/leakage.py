"""Looks for near-duplicates between test pictures and pictures of train or val, across all prepared sets."""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.curate.duplicates import find_leaks
from lingyin.curate.hashes import hash_image, thumbnail
from lingyin.pretrain.record import commit, machine

Picture = tuple[str, str, str, str]  # set, id, subject, split


def main(words: Sequence[str] | None = None) -> None:
    """Command line of `scripts/check-leakage`."""
    parser = argparse.ArgumentParser(prog="check-leakage", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/results/leakage.json"))
    options = parser.parse_args(words)
    root = data_root()
    if root is None:
        raise UsageError("the data sets are absent: set LINGYIN_DATA or place them in ../shared/data")
    document = check(root)
    write_file(options.out, (json.dumps(document, indent=1) + "\n").encode())
    for row in document["rows"]:
        print(f"{row['application']:<28} {row['value']:>5.0f} of {row['n']} test pictures")


def check(root: Path) -> dict[str, Any]:
    """The document of `leakage.json`: counts by set, and each pair of a test picture and what it resembles."""
    cv2.setNumThreads(1)
    pictures = list_pictures(root)
    greys = (_read(root, picture) for picture in pictures)
    described = [(hash_image(grey), thumbnail(grey)) for grey in greys]
    hashes, thumbnails = (np.stack(part) for part in zip(*described, strict=True))
    is_test = np.array([picture[3] == "test" for picture in pictures])
    others, tests = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    leaks = find_leaks(hashes[others], hashes[tests], thumbnails[others], thumbnails[tests])
    pairs = [
        {
            "test": "/".join(pictures[tests[b]][:2]),
            "other": "/".join(pictures[others[a]][:2]),
            "split": pictures[others[a]][3],
        }
        for a, b in zip(leaks.first.tolist(), leaks.second.tolist(), strict=True)
    ]
    leaking = Counter(test.split("/")[0] for test in {pair["test"] for pair in pairs})
    sizes = Counter(pictures[row][0] for row in tests)
    return {
        "command": "scripts/check-leakage",
        "commit": commit(),
        "machine": machine(),
        "seeds": [],
        "note": "Pairs were found by hash and confirmed by thumbnail; `split` is that of the other picture.",
        "rows": [
            {
                "application": name,
                "task": "leakage",
                "method": "find_leaks",
                "labels": "none used",
                "metric": "test pictures with a near-duplicate in train or val of any set",
                "value": leaking[name],
                "low": leaking[name],
                "high": leaking[name],
                "n": size,
            }
            for name, size in sorted(sizes.items())
        ],
        "pairs": sorted(pairs, key=lambda pair: (pair["test"], pair["other"])),
    }


def list_pictures(root: Path) -> list[Picture]:
    """All pictures of the prepared sets under a folder."""
    found: list[Picture] = []
    for table in sorted(root.glob("*/labels.csv")):
        if (table.parent / "card.json").is_file():
            with table.open(encoding="utf-8", newline="") as file:
                found += [(table.parent.name, row["id"], row["subject"], row["split"]) for row in csv.DictReader(file)]
    return found


def _read(root: Path, picture: Picture) -> Any:
    path = root / picture[0] / "images" / f"{picture[1]}.webp"
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise UsageError(f"{path}: the picture of the set cannot be read; fetch the data set again")
    return grey
