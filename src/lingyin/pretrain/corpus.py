"""The corpus of a run: train images and phantoms packed once, as small grey pictures with their sectors, memory-mapped.

Never an image of a val or test split: a reader hands over `train` rows only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import InputError, OutputError, UsageError
from lingyin.core.labels import LabelSet
from lingyin.core.paths import data_root
from lingyin.pretrain.config import DataConfig
from lingyin.pretrain.curated import corpus_sha256, read_curated
from lingyin.pretrain.sources import Picture, chosen_sets, read_phantoms, read_train

PICTURES, INDEX = "pictures.bin", "index.json"


@dataclass(frozen=True)
class Corpus:
    """`pictures (N, S, S, 2)` uint8: grey, and sector (0 or 255); one label set, source and licence per picture.

    `sha256` is over the pictures and their labels: a resumed run must find the same. `sums (N,)` are CRC-32 of each
    picture as packed; None where they were not kept.
    """

    pictures: NDArray[np.uint8]
    labels: tuple[LabelSet, ...]
    source: NDArray[np.str_]
    licences: dict[str, str]
    sha256: str
    sums: NDArray[np.uint32] | None = None
    folder: Path = Path("corpus")

    def picture(self, index: int) -> NDArray[np.uint8]:
        """One picture `(S, S, 2)`. Raises InputError where it is no longer the one that was packed."""
        found: NDArray[np.uint8] = self.pictures[index]
        if self.sums is not None and zlib.crc32(found.tobytes()) != self.sums[index]:
            raise InputError(self.folder, f"picture {index} is damaged", "remove the folder and run again")
        return found

    def __len__(self) -> int:
        return len(self.pictures)

    def weights(self, balance: float) -> NDArray[np.float64]:
        """Chance of each picture to be drawn: balance 0 all alike, 1 all sources alike."""
        _, which, counts = np.unique(self.source, return_inverse=True, return_counts=True)
        chance = counts[which].astype(float) ** -balance
        return np.asarray(chance / chance.sum(), np.float64)

    def counts(self) -> dict[str, int]:
        names, counts = np.unique(self.source, return_counts=True)
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def open_corpus(config: DataConfig, cache: Path, seed: int) -> Corpus:
    """The packed corpus under `cache`, made now if it is not there yet.

    Raises:
        UsageError: sets are asked for, but the data is absent or has no such set.
        InputError: a packed corpus is damaged, or the curated one is not whole.
        OutputError: the cache cannot be written.
    """
    told: list[object] = [config.model_dump(exclude={"balance", "sources"}, exclude_none=True), seed]
    if config.corpus is not None:
        told.append(corpus_sha256(config.corpus))
    mark = json.dumps(told, sort_keys=True)
    folder = cache / f"corpus-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    if not (folder / INDEX).is_file():
        _pack(folder, _pictures(config, seed), config.cache_px)
    return read_corpus(folder)


def _pictures(config: DataConfig, seed: int) -> Iterator[Picture]:
    if config.sets != "none":
        root = data_root()
        if root is None:
            raise UsageError("the data sets are absent: set LINGYIN_DATA, or data.sets = 'none'")
        for folder in chosen_sets(root, config.sets, config.licence):
            yield from read_train(folder)
    if config.corpus is not None:
        yield from read_curated(config.corpus, config.licence)
    yield from read_phantoms(config.phantoms, seed)


def _pack(folder: Path, pictures: Iterable[Picture], side: int) -> None:
    """Writes beside and moves into place, so that a killed run leaves no half-written corpus."""
    mark = hashlib.sha256()
    rows: list[dict[str, str | list[str]]] = []
    licences: dict[str, str] = {}
    sums: list[int] = []
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".packing-", dir=folder.parent))
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error})", "name another folder for the run") from error
    try:
        with (part / PICTURES).open("wb") as file:
            for each in pictures:
                data = square(each, side).tobytes()
                yes, no = sorted(each.labels.yes), sorted(each.labels.no)
                row: dict[str, str | list[str]] = {"source": each.source, "yes": yes, "no": no}
                mark.update(data)
                mark.update(json.dumps(row).encode())
                file.write(data)
                rows.append(row)
                sums.append(zlib.crc32(data))
                licences[each.source] = each.licence
        index = {"side": side, "rows": rows, "licences": licences, "sha256": mark.hexdigest(), "sums": sums}
        (part / INDEX).write_text(json.dumps(index), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error})", "free some space and run again") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def square(picture: Picture, side: int) -> NDArray[np.uint8]:
    """Grey and sector stretched to `(side, side, 2)`."""
    way = cv2.INTER_AREA if max(picture.grey.shape) > side else cv2.INTER_LINEAR
    grey = cv2.resize(picture.grey, (side, side), interpolation=way)
    sector = cv2.resize(picture.sector.astype(np.uint8) * 255, (side, side), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(np.stack([grey, sector], 2), np.uint8)


def read_corpus(folder: Path) -> Corpus:
    """A packed corpus. Raises InputError where it is damaged."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        rows, side = index["rows"], int(index["side"])
        pictures = np.memmap(folder / PICTURES, np.uint8, "r", shape=(len(rows), side, side, 2))
        labels = tuple(LabelSet(frozenset(row["yes"]), frozenset(row["no"])) for row in rows)
        source = np.array([row["source"] for row in rows], np.str_)
        sums = np.array(index["sums"], np.uint32) if "sums" in index else None
        if sums is not None and len(sums) != len(rows):
            raise ValueError(f"{len(sums)} sums of {len(rows)} pictures")
        return Corpus(pictures, labels, source, index["licences"], index["sha256"], sums, folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            folder, f"the packed pictures are damaged ({error})", "remove the folder and run again"
        ) from error
