"""`Corpus`: a finished corpus, read by row or in a seeded order that can be taken up at any place; local or remote."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import fs

from lingyin.core.clip import Mask
from lingyin.core.errors import InputError
from lingyin.core.labels import LabelSet
from lingyin.curate.press import CATALOGUE, FORMAT, HEAD, SHARDS
from lingyin.curate.ustar import damaged, members

AGAIN = "run `lingyin curate` with the same sources again, or name the folder of a finished corpus"
_OPEN_FILES = 64
_MASK = "mask_"


@dataclass(frozen=True)
class Stored:
    """One picture of a corpus: `image` (H, W) grey or (H, W, 3) RGB uint8, `sector` and `masks` (H, W) bool.

    `told` is the sample's JSON: labels, measurements, licence, split, spacing (the columns of the catalogue).
    """

    id: str
    image: NDArray[np.uint8]
    sector: Mask
    masks: dict[str, Mask]
    labels: LabelSet
    told: dict[str, Any]


class Corpus:
    """Pictures of one split of a corpus, in the order of the catalogue. Not to be shared between processes."""

    def __init__(
        self,
        address: str | Path,
        split: str | None = "train",
        where: pc.Expression | None = None,
        *,
        copies: bool = True,
    ) -> None:
        """Opens a corpus.

        Args:
            address: its folder, or the address of one in object storage (`s3://bucket/corpus`, `gs://...`).
            split: `train`, `val` or `test`; None for all three.
            where: a condition over columns of the catalogue, e.g. `pc.field("organ") == "liver"`.
            copies: False leaves out pictures that are near-duplicates of one that stays.

        Raises:
            InputError: no finished corpus of a known format is there.
        """
        self.address = str(address)
        self._files, self._root = _filesystem(self.address)
        self.head = self._read_head()
        wanted = pc.field("status") == "kept"
        if split is not None:
            wanted &= pc.field("split") == split
        if not copies:
            wanted &= ~pc.field("is_copy")
        if where is not None:
            wanted &= where
        self.rows: pa.Table = pq.read_table(f"{self._root}/{CATALOGUE}", filesystem=self._files, filters=wanted)
        shards = self.rows.column("shard").to_pylist()
        self._names, self._shard = np.unique(np.asarray(shards, np.str_), return_inverse=True)
        self._offset = self.rows.column("offset").to_numpy()
        self._bytes = self.rows.column("bytes").to_numpy()
        self._opened: OrderedDict[str, pa.NativeFile] = OrderedDict()

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def __getitem__(self, index: int) -> Stored:
        """The picture of a row. Raises IndexError beyond the last, InputError if its shard is missing or damaged."""
        return _decoded(self.files(index), self._name(index))

    def files(self, index: int) -> dict[str, bytes]:
        """The stored files of a row by ending (`json`, `jpg` or `png`, `sector.png`, `mask_CODE.png`). Raises alike."""
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        name = str(self._names[self._shard[index]])
        try:
            content = self._shard_file(name).read_at(int(self._bytes[index]), int(self._offset[index]))
        except OSError as error:
            raise self._gone(name) from error
        return _by_ending(content, self._name(index))

    @property
    def ending(self) -> str:
        """`jpg`, or `png` for a corpus stored without loss."""
        return "jpg" if self.head["settings"]["jpeg_quality"] else "png"

    def catalogue(self) -> pa.Table:
        """The whole catalogue, with the pictures that are kept apart or left out."""
        return pq.read_table(f"{self._root}/{CATALOGUE}", filesystem=self._files)

    def order(self, seed: int, epoch: int, window: int = 0) -> NDArray[np.int64]:
        """`(N,)` the rows in the order of an epoch, decided by seed and epoch alone.

        With `window` 0 any row follows any other. With a `window` of shards these are drawn in turn and mixed among
        themselves, so that every shard is read once and from front to back: for object storage and spinning disks.
        """
        generator = np.random.default_rng([seed, epoch])
        if not window:
            return generator.permutation(len(self))
        rank = np.empty(len(self._names), np.int64)
        rank[generator.permutation(len(self._names))] = np.arange(len(self._names))
        return np.lexsort((generator.random(len(self)), rank[self._shard] // window))

    def epoch(self, seed: int, epoch: int = 0, start: int = 0, window: int = 0) -> Iterator[Stored]:
        """The pictures of an epoch from place `start` on: a run that stopped after n pictures goes on with `start=n`.

        With a `window`, its shards are read whole, each in one request, and held until the next window.
        """
        order = self.order(seed, epoch, window)[start:]
        if not window:
            for index in order:
                yield self[int(index)]
            return
        held: dict[str, bytes] = {}
        for index in order:
            name = str(self._names[self._shard[index]])
            if name not in held:
                if len(held) == window:  # the rows of a window are over
                    held.clear()
                held[name] = self._whole(name)
            begin = int(self._offset[index])
            content = held[name][begin : begin + int(self._bytes[index])]
            yield _decoded(_by_ending(content, self._name(index)), self._name(index))

    def _name(self, index: int) -> str:
        """What messages call the place of a row."""
        return f"{self.address}/{SHARDS}/{self._names[self._shard[index]]}"

    def _read_head(self) -> dict[str, Any]:
        try:
            with self._files.open_input_file(f"{self._root}/{HEAD}") as file:
                head: dict[str, Any] = json.loads(file.read())
            known = head["format"] == FORMAT
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(self.address, f"is no finished corpus (no {HEAD})", AGAIN) from error
        if not known:
            raise InputError(self.address, f"is a corpus of format {head['format']}, not {FORMAT}", AGAIN)
        return head

    def _shard_file(self, name: str) -> pa.NativeFile:
        if name not in self._opened:
            self._opened[name] = self._files.open_input_file(f"{self._root}/{SHARDS}/{name}")
            if len(self._opened) > _OPEN_FILES:
                self._opened.popitem(last=False)[1].close()
        self._opened.move_to_end(name)
        return self._opened[name]

    def _whole(self, name: str) -> bytes:
        try:
            with self._files.open_input_file(f"{self._root}/{SHARDS}/{name}") as file:
                return bytes(file.read())
        except OSError as error:
            raise self._gone(name) from error

    def _gone(self, name: str) -> InputError:
        return InputError(f"{self.address}/{SHARDS}/{name}", "the shard cannot be read", AGAIN)


def _filesystem(address: str) -> tuple[fs.FileSystem, str]:
    if "://" not in address:
        return fs.LocalFileSystem(), address.rstrip("/")
    try:
        files, root = fs.FileSystem.from_uri(address)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            address, f"cannot be reached ({error})", "give a folder, or s3://, gs:// or file://"
        ) from error
    return files, root.rstrip("/")


def _by_ending(content: bytes, name: str) -> dict[str, bytes]:
    return {member.partition(".")[2]: data for member, data in members(content, name)}


def _decoded(files: dict[str, bytes], name: str) -> Stored:
    """A sample from its files. Raises InputError if one is missing or damaged."""
    told: dict[str, Any] | None = None
    image: NDArray[np.uint8] | None = None
    masks: dict[str, Mask] = {}
    for ending, data in files.items():
        if ending == "json":
            told = json.loads(data)
            continue
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise damaged(name)
        if ending in {"jpg", "png"}:
            image = np.asarray(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        else:
            masks[ending.removesuffix(".png")] = picture > 0
    if told is None or image is None or "sector" not in masks:
        raise damaged(name)
    labels = LabelSet(frozenset(told.get("yes", ())), frozenset(told.get("no", ())))
    drawn = {what.removeprefix(_MASK): mask for what, mask in masks.items() if what.startswith(_MASK)}
    return Stored(told["id"], image, masks["sector"], drawn, labels, told)
