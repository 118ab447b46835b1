"""DL_Track training images: folder pairs of pictures and masks, one pair for aponeuroses and one for fascicles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import HALF, painted
from lingyin.curate.readers.shapes import find_root, opener, pairs


class DlTrack(Reader):
    """Ritsche et al. 2024. Aponeuroses and fascicles are marked on different pictures; only some fascicles are."""

    name = "dl_track"
    expected = "the folders apo_images and apo_masks, or fasc_images and fasc_masks (a version may end the name)"

    def items(self, folder: Path) -> Iterator[Item]:
        fitting = False
        for part, code in self.labels.masks.items():
            root = find_root(folder, f"{part}_im*", f"{part}_mask*")
            if root is None:
                continue
            fitting = True
            images, masks = (sorted(root.glob(f"{part}_{what}*"))[0] for what in ("im", "mask"))
            for path, mask in pairs(images, masks):
                yield Item(
                    key=f"{part}-{path.stem}",
                    source=path,
                    kind="picture",
                    open=opener(path),
                    labels=self.labels.row({}, path),
                    group=f"{part}-{path.stem}",
                    licence=self.licence,
                    masks={code: {0: painted(mask, above=HALF)}} if mask else {},
                )
        if not fitting:
            raise self.misfit(folder)


READER = DlTrack()
