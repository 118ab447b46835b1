"""MMOTU, part OTU_2d: pictures, label maps in colour and as 0 and 1, and class lists where they were unpacked too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.masks import painted
from lingyin.curate.readers.shapes import existing, files_of, find_root, opener


class Mmotu(Reader):
    """Zhao et al. 2022. Where the class lists are absent, the class is told by the colour of the label map.

    The outline of a normal ovary is no lesion; where the class is not known, no outline is given.
    """

    name = "mmotu"
    expected = "the folders images (1.JPG) and annotations (1.PNG, 1_binary.PNG), with train_cls.txt and val_cls.txt"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "images", "annotations/*_binary.PNG")
        if root is None:
            raise self.misfit(folder)
        listed = self._class_lists(root)
        for path in files_of(root / "images"):
            binary = existing(root / "annotations" / f"{path.stem}_binary.PNG", path)
            split, number = listed.get(path.name.lower(), (None, ""))
            told = {"class": number} if number else {"colour": _colour(root / "annotations" / f"{path.stem}.PNG")}
            labels = self.labels.row(told, path)
            known = labels != self.labels.always
            yield Item(
                key=path.stem,
                source=path,
                kind="picture",
                open=opener(path),
                labels=labels,
                group=path.stem,
                licence=self.licence,
                masks={self.labels.masks["binary"]: {0: painted(binary)}}
                if known and not labels["ovary_normal"]
                else {},
                split=split,
            )

    @staticmethod
    def _class_lists(root: Path) -> dict[str, tuple[str, str]]:
        """Split and class number by file name."""
        listed: dict[str, tuple[str, str]] = {}
        for split in ("train", "val"):
            for place in (root, root.parent):
                path = place / f"{split}_cls.txt"
                if path.is_file():
                    for line in path.read_text(encoding="utf-8").splitlines():
                        if len(words := line.split()) == 2:
                            listed[words[0].lower()] = (split, words[1])
                    break
        return listed


def _colour(path: Path) -> str:
    """The colour that is not black, as "r,g,b"; "" if there is not exactly one or no such file."""
    if not path.is_file():
        return ""
    with Image.open(path) as image:
        counted = image.convert("RGB").getcolors(2) or []
    colours = [colour for _, colour in counted if isinstance(colour, tuple) and any(colour)]
    return ",".join(map(str, colours[0])) if len(colours) == 1 else ""


READER = Mmotu()
