"""Pictures to look at an encoder with, none of which a run has learnt from: val splits, or fresh phantoms."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lingyin.core.labels import LabelSet, dataset_labels
from lingyin.core.paths import data_root
from lingyin.core.tree import Kind, load_tree
from lingyin.io.sector import find_sector
from lingyin.pretrain.sources import Picture, chosen_sets, read_grey, read_licence, read_phantoms

PHANTOM_SEED = 515_151  # far from the seeds of any corpus


def sample_pictures(count: int, *, phantoms: bool = False) -> list[Picture]:
    """About `count` pictures, as many of each val split, from different subjects as far as there are; phantoms where
    no data is present or `phantoms` asks for them."""
    root = data_root()
    if phantoms or root is None:
        return list(read_phantoms(count, PHANTOM_SEED))
    sets = [folder for folder in chosen_sets(root, "all", "any") if _val_rows(folder)]
    share = max(1, round(count / max(1, len(sets))))
    return [picture for folder in sets for picture in _of_set(folder, share)]


def _val_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "val"]


def _of_set(folder: Path, count: int) -> Iterator[Picture]:
    rows = _val_rows(folder)
    order = np.random.default_rng(0).permutation(len(rows))
    turn: dict[str, int] = {}  # how many of its subject came before each picture
    ranked: list[tuple[int, int, int]] = []
    for index in order:
        subject = rows[index]["subject"]
        turn[subject] = turn.get(subject, 0) + 1
        ranked.append((turn[subject], len(ranked), int(index)))
    said, licence = dataset_labels()[folder.name], read_licence(folder)
    for _, _, index in sorted(ranked)[:count]:
        grey = read_grey(folder, rows[index]["id"])
        yield Picture(grey, find_sector([grey]).mask, said.row(rows[index]), folder.name, licence)


def organ_of(labels: LabelSet) -> str:
    """Code of the deepest organ that a picture affirms, else of its region, else "unknown"."""
    tree = load_tree()
    for kind in (Kind.ORGAN, Kind.REGION):
        found = [code for code in labels.yes if tree[code].kind is kind]
        if found:
            return max(found, key=lambda code: (len(tree.path(code)), code))
    return "unknown"


def name_of(code: str) -> str:
    """The English name of a code, its first letter large."""
    tree = load_tree()
    name = tree[code].name["en"] if code in tree else code
    return name[:1].upper() + name[1:]
