"""Train pictures of a corpus that `lingyin curate` made, as a source to learn from; needs the extra `curate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from lingyin.core.errors import UsageError
from lingyin.pretrain.sources import Picture

if TYPE_CHECKING:
    from lingyin.curate.corpus import Corpus

REUSE = {"any": ("yes", "research", "unknown"), "open": ("yes",)}  # `no` is never learnt from


def corpus_sha256(address: str) -> str:
    """What stands for all bytes of the corpus: with it, a packed copy of an older corpus is not taken for it.

    Raises InputError where no finished corpus is there, UsageError without the extra `curate`.
    """
    return str(_open(address, "any").head["sha256"])


def read_curated(address: str, licence: Literal["any", "open"]) -> Iterator[Picture]:
    """Kept pictures of the train split, without those that are copies of another one that is read.

    Args:
        address: folder of the corpus, or its address in object storage.
        licence: `any` leaves out only what may not be used again, `open` all but what anybody may use.

    Raises:
        InputError: no finished corpus is there, or it is damaged.
        UsageError: the licences leave nothing; the extra `curate` is missing.
    """
    corpus = _open(address, licence)
    if not len(corpus):
        raise UsageError(f"{address} has no train picture that fits; ask for licence = 'any', or name another corpus")
    licences = _licences(corpus)
    seen: set[int] = set()
    for index, group in enumerate(corpus.rows.column("duplicate_group").to_pylist()):
        if group in seen:  # the column `is_copy` would not do: the first of a group may be of another licence
            continue
        seen.add(group)
        stored = corpus[index]
        grey = stored.image if stored.image.ndim == 2 else cv2.cvtColor(stored.image, cv2.COLOR_RGB2GRAY)
        source = str(stored.told["source"])
        yield Picture(np.asarray(grey, np.uint8), stored.sector, stored.labels, source, licences[source])


def _licences(corpus: Corpus) -> dict[str, str]:
    """All licences of the pictures of each source."""
    found: dict[str, set[str]] = {}
    for source, words in zip(*(corpus.rows.column(name).to_pylist() for name in ("source", "licence")), strict=True):
        found.setdefault(source, set()).add(words)
    return {source: ", ".join(sorted(words)) for source, words in found.items()}


def _open(address: str, licence: Literal["any", "open"]) -> Corpus:
    try:
        import pyarrow.compute as pc

        from lingyin.curate.corpus import Corpus
    except ModuleNotFoundError as error:
        raise UsageError('data.corpus needs the extra `curate`: pip install "lingyin[train,curate]"') from error
    return Corpus(address, "train", pc.field("reuse").isin(REUSE[licence]))
