"""Where pictures come from: train rows of the prepared public sets, and phantoms drawn from a seed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import UnreadableError, UsageError
from lingyin.core.labels import LabelSet, dataset_labels
from lingyin.io.sector import find_sector

OPEN_LICENCES = ("CC BY 4.0", "CC0", "MIT (repo)", "Apache-2.0")
PHANTOM_LICENCE = "made by this program"


@dataclass(frozen=True)
class Picture:
    """One picture: `grey (H, W)` uint8, `sector (H, W)` bool, what is known of it, and where it is from."""

    grey: NDArray[np.uint8]
    sector: NDArray[np.bool_]
    labels: LabelSet
    source: str
    licence: str


def chosen_sets(root: Path, names: str | tuple[str, ...], licence: str) -> list[Path]:
    """Folders of the sets asked for, in the order of their names; `licence` "open" leaves all others out.

    Raises UsageError for a name that is not there, and where nothing is left.
    """
    found = {path.parent.name: path.parent for path in sorted(root.glob("*/labels.csv")) if _is_set(path.parent)}
    wanted = tuple(found) if names == "all" else names
    absent = sorted(set(wanted) - set(found))
    if absent:
        raise UsageError(f"{root} has no set {', '.join(absent)}; there are {', '.join(found)}")
    chosen = [found[name] for name in found if name in wanted]
    if licence == "open":
        chosen = [each for each in chosen if is_open(read_licence(each))]
    if not chosen:
        raise UsageError(f"{root} has no set that fits the config; ask for others, or for licence = 'any'")
    return chosen


def _is_set(folder: Path) -> bool:
    return (folder / "images").is_dir() and (folder / "card.json").is_file() and folder.name in dataset_labels()


def read_licence(folder: Path) -> str:
    """The licence that a set's card states."""
    return str(json.loads((folder / "card.json").read_text(encoding="utf-8"))["licence"])


def is_open(words: str) -> bool:
    """Whether a card's licence is openly licensed beyond doubt; "CC BY-NC", "unknown" and the like are not."""
    return words.startswith(OPEN_LICENCES) and ";" not in words and "unconfirmed" not in words


def read_train(folder: Path) -> Iterator[Picture]:
    """Pictures of the train split of one set; those of other splits are not even opened.

    Raises UnreadableError for an image that `labels.csv` names and that cannot be decoded.
    """
    said, licence = dataset_labels()[folder.name], read_licence(folder)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == "train":
                grey = read_grey(folder, row["id"])
                yield Picture(grey, find_sector([grey]).mask, said.row(row), folder.name, licence)


def read_grey(folder: Path, name: str) -> NDArray[np.uint8]:
    """One image of a set, `(H, W)`. Raises UnreadableError."""
    path = folder / "images" / f"{name}.webp"
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise UnreadableError(path, "cannot be decoded", "fetch the data set again")
    return np.asarray(grey, np.uint8)


def read_phantoms(count: int, seed: int) -> Iterator[Picture]:
    """`count` phantoms, the kinds in turn, one frame of each, cut to the sector."""
    if not count:
        return
    from lingyin.io.phantom import make_phantom
    from lingyin.io.phantom.kinds import SCENES

    kinds = sorted(SCENES)
    for index in range(count):
        kind = kinds[index % len(kinds)]
        phantom = make_phantom(kind, seed=seed * 100_003 + index, frames=1)
        inside = phantom.screen.sector
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        drawn = [code for code, mask in phantom.masks.items() if mask.any()]
        yield Picture(
            phantom.frames[0][part],
            inside[part],
            LabelSet.close(yes=[*drawn, *phantom.truth["findings"]]),
            f"phantom_{kind}",
            PHANTOM_LICENCE,
        )
