"""PSFHS: transperineal pictures and label maps as MetaImage under the same names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.core.clip import Mask
from lingyin.curate.readers.arrays import grey_frames
from lingyin.curate.readers.contract import Item, MaskLoader, Reader
from lingyin.curate.readers.metaimage import read_metaimage
from lingyin.curate.readers.shapes import existing, files_of, find_root

_MHA = frozenset({".mha"})


class Psfhs(Reader):
    """Chen et al. 2024. Label 1 is the pubic symphysis, for which the tree has no structure; 2 is the fetal head."""

    name = "psfhs"
    expected = "the folders image_mha and label_mha with 00001.mha in both"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "image_mha", "label_mha")
        if root is None:
            raise self.misfit(folder)
        for path in files_of(root / "image_mha", _MHA):
            label = existing(root / "label_mha" / path.name, path)
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=grey_frames(lambda path=path: _picture(path)),  # type: ignore[misc]
                labels=self.labels.row({}, path),
                group=path.stem,
                licence=self.licence,
                masks={code: {0: _labelled(label, int(value))} for value, code in self.labels.masks.items()},
            )


def _picture(path: Path) -> NDArray[Any]:
    """`(1, H, W)`: the published pictures hold three equal planes, first or last."""
    values, _ = read_metaimage(path)
    if values.ndim == 3:
        values = values[..., 0] if values.shape[-1] == 3 else values[0]
    return values[None]


def _labelled(path: Path, value: int) -> MaskLoader:
    def load() -> Mask:
        values, _ = read_metaimage(path)
        mask: Mask = np.squeeze(values) == value
        return mask

    return load


READER = Psfhs()
