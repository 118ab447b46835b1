"""Any folders of pictures and videos; a folder named like a code of the tree labels what lies in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.core.tree import load_tree
from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.labels import statement
from lingyin.curate.readers.shapes import CLIPS, PICTURES, opener


class ImageFolder(Reader):
    """Pictures and videos in any depth. A folder named like a code of the tree labels what lies in it.

    The folder that directly holds a picture is its group only where the caller says so with a table; here every file
    is a group of its own.
    """

    name = "image_folder"
    expected = "pictures or videos, in folders named by codes of the tree where labels are known (liver/, ascites/)"

    def items(self, folder: Path) -> Iterator[Item]:
        tree = load_tree()
        for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES | CLIPS):
            parts = path.relative_to(folder).parts
            if any(part.startswith(".") for part in parts):
                continue
            codes = [part for part in parts[:-1] if part in tree]
            others = "/".join(part for part in parts[:-1] if part not in tree)
            key = path.relative_to(folder).with_suffix("").as_posix()
            yield Item(
                key=key,
                source=path,
                kind="clip" if path.suffix.lower() in CLIPS else "picture",
                open=opener(path),
                labels=statement(codes),
                group=key,
                licence=self.licence,
                facts={"folder": others} if others else {},
            )


READER = ImageFolder()
