"""Planted copies of real pictures, and how many of them a search for duplicates finds: ours and `imagededup`'s."""

from __future__ import annotations

import csv
import importlib
import os
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.truth import are_near
from lingyin.curate.duplicates import find_leaks, group_duplicates
from lingyin.curate.hashes import Grey, Look, Words, look_of, look_of_file

Distort = Callable[[Grey, np.random.Generator], Grey]
Pairs = set[tuple[int, int]]  # (copy, other picture)
_TEXTS = ("DOE^JANE", "ID 47110815", "2024-03-04 10:11", "Dr. Smith")


def recompressed(grey: Grey, rng: np.random.Generator) -> Grey:
    """JPEG of quality 40 to 90."""
    coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 91))])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def resized(grey: Grey, rng: np.random.Generator) -> Grey:
    """0.5 to 1.6 times the size."""
    scale = float(rng.uniform(0.5, 1.6))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=kind), np.uint8)


def gamma(grey: Grey, rng: np.random.Generator) -> Grey:
    """Exponent of 0.6 to 1.67."""
    exponent = float(np.exp(rng.uniform(np.log(0.6), np.log(1 / 0.6))))
    return np.asarray(np.rint(255 * (grey / 255) ** exponent), np.uint8)


def cropped(grey: Grey, rng: np.random.Generator) -> Grey:
    """5 % of the height and of the width cut off, shared between the sides by chance."""
    height, width = grey.shape
    top, left = (int(side * 0.05 * rng.random()) for side in (height, width))
    return grey[top : top + round(0.95 * height), left : left + round(0.95 * width)]


def mirrored(grey: Grey, _rng: np.random.Generator) -> Grey:
    """Left to right."""
    return np.ascontiguousarray(grey[:, ::-1])


def printed(grey: Grey, rng: np.random.Generator) -> Grey:
    """Three lines of text at any place."""
    copy = grey.copy()
    height, width = grey.shape
    for text in rng.choice(_TEXTS, 3, replace=False):
        place = (int(rng.uniform(0, 0.6) * width), int(rng.uniform(0.1, 0.95) * height))
        cv2.putText(copy, str(text), place, cv2.FONT_HERSHEY_SIMPLEX, width / 600, (255,), 1, cv2.LINE_AA)
    return copy


KINDS: dict[str, Distort] = {
    "recompressed": recompressed,
    "resized": resized,
    "gamma": gamma,
    "cropped 5 %": cropped,
    "mirrored": mirrored,
    "with text burned in": printed,
}


@dataclass(frozen=True)
class Originals:
    """Real pictures (list of grey) with the subject of each, which frames of one clip share, and their files."""

    pictures: list[Grey]
    subjects: NDArray[np.str_]
    files: list[Path]


def read_originals(root: Path, count: int, seed: int) -> Originals:
    """`count` pictures of the prepared sets, drawn over all sets and splits."""
    rows = []
    for table in sorted(root.glob("*/labels.csv")):
        if not (table.parent / "card.json").is_file():
            continue
        with table.open(encoding="utf-8", newline="") as file:
            rows += [(table.parent, row["id"], f"{table.parent.name}/{row['subject']}") for row in csv.DictReader(file)]
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:count])
    files = [rows[k][0] / "images" / f"{rows[k][1]}.webp" for k in chosen]
    pictures = [np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8) for file in files]
    return Originals(pictures, np.array([rows[k][2] for k in chosen]), files)


@dataclass(frozen=True)
class Score:
    """Share of copies found, and of the found pictures that are right; frames of the same subject count as neither."""

    found: NDArray[np.bool_]
    wrong: int

    @property
    def recall(self) -> float:
        return float(self.found.mean())

    @property
    def precision(self) -> float:
        return float(self.found.sum() / max(1, self.found.sum() + self.wrong))


class Judge:
    """Tells right pairs from wrong ones: a copy belongs to its original and to what the truth finds near that."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self._known: dict[tuple[int, int], bool] = {}

    def score(self, pairs: Pairs, sources: NDArray[np.int64]) -> Score:
        """Judges pairs (number of a copy, row of an original)."""
        found = np.zeros(len(sources), bool)
        wrong = 0
        for copy, other in pairs:
            source = int(sources[copy])
            if other == source:
                found[copy] = True
            elif self._originals.subjects[other] != self._originals.subjects[source]:
                wrong += not self._near(min(source, other), max(source, other))
        return Score(found, wrong)

    def _near(self, first: int, second: int) -> bool:
        if (first, second) not in self._known:
            pictures = self._originals.pictures
            self._known[first, second] = are_near(pictures[first], pictures[second])
        return self._known[first, second]


@dataclass(frozen=True)
class Described:
    """Our hashes (N, 8) and thumbnails (N, 32, 32), and the processor time they took."""

    hashes: Words
    thumbnails: Grey
    seconds: float


def describe(pictures: list[Grey]) -> Described:
    start = time.process_time()
    return _described([look_of(grey) for grey in pictures], start)


def describe_files(files: list[Path]) -> Described:
    """The same, from reading the files on."""
    start = time.process_time()
    return _described([look_of_file(file) for file in files], start)


def _described(looks: list[Look], start: float) -> Described:
    hashes, thumbnails = np.stack([look.words for look in looks]), np.stack([look.small for look in looks])
    return Described(hashes, thumbnails, time.process_time() - start)


def our_pairs(originals: Described, copies: Described) -> Pairs:
    """Pairs (copy, original) that the search reports."""
    leaks = find_leaks(originals.hashes, copies.hashes, originals.thumbnails, copies.thumbnails)
    return set(zip(leaks.second.tolist(), leaks.first.tolist(), strict=True))


def our_groups(originals: Described, copies: Described) -> Pairs:
    """Pairs (copy, original) that share a group, maybe only over others between them."""
    groups = group_duplicates(
        np.concatenate([originals.hashes, copies.hashes]), np.concatenate([originals.thumbnails, copies.thumbnails])
    )
    count = len(originals.hashes)
    members: dict[int, list[int]] = {}
    for row, group in enumerate(groups[:count].tolist()):
        members.setdefault(group, []).append(row)
    return {(copy, row) for copy, group in enumerate(groups[count:].tolist()) for row in members.get(group, [])}


def search_seconds(described: Described) -> float:
    """Processor seconds of grouping pictures."""
    start = time.process_time()
    group_duplicates(described.hashes, described.thumbnails)
    return time.process_time() - start


def load_rival() -> Any | None:
    """`imagededup`'s perceptual hash; None unless installed (`pip install --no-deps imagededup PyWavelets`).

    Its package also imports a network, which needs torchvision and is not used here: an empty module stands in for it.
    """
    if find_spec("imagededup") is None:
        return None
    for name, part in (("imagededup.utils.models", "CustomModel"), ("imagededup.methods.cnn", "CNN")):
        stand_in = types.ModuleType(name)
        setattr(stand_in, part, None)
        sys.modules.setdefault(name, stand_in)
    return importlib.import_module("imagededup.methods").PHash(verbose=False)


def rival_codes(rival: Any, pictures: list[Grey]) -> tuple[list[str], float]:
    """The rival's hashes, and the processor time they took."""
    start = time.process_time()
    codes = [rival.encode_image(image_array=np.repeat(grey[..., None], 3, axis=2)) for grey in pictures]
    return codes, time.process_time() - start


def rival_file_codes(rival: Any, files: list[Path]) -> tuple[list[str], float]:
    """The same, from reading the files on."""
    start = time.process_time()
    codes = [rival.encode_image(image_file=str(file)) for file in files]
    return codes, time.process_time() - start


def rival_pairs(originals: list[str], copies: list[str], most_bits: int) -> dict[int, Pairs]:
    """For each distance up to `most_bits`, the pairs (copy, original) of the rival's hashes that are so far apart.

    This is what its search gives, without the time that it takes (see `rival_search_seconds`).
    """
    a, b = (np.array([int(code, 16) for code in codes], np.uint64) for codes in (copies, originals))
    far = np.bitwise_count(a[:, None] ^ b[None, :])
    return {
        bits: {(int(copy), int(row)) for copy, row in zip(*np.nonzero(far == bits), strict=True)}
        for bits in range(most_bits + 1)
    }


def rival_search_seconds(rival: Any, codes: list[str], bits: int) -> float:
    """Processor seconds of the rival's own search for pairs at most `bits` apart, its worker processes included."""
    names = {str(row): code for row, code in enumerate(codes)}
    start = sum(os.times()[:4])
    rival.find_duplicates(encoding_map=names, max_distance_threshold=bits, num_dist_workers=0)
    return sum(os.times()[:4]) - start
