"""POCUS lung set (pocovidscreen): videos and pictures by probe, the finding in the name, a licence per source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.shapes import CLIPS, PICTURES, files_of, find_root, opener, rows_of

_KINDS = {"pocus_videos": CLIPS, "pocus_images": PICTURES - {".gif"}}
_PREFIX = re.compile(r"[A-Za-z]+")


class PocusLung(Reader):
    """Born et al. 2021. `dataset_metadata.csv`, where present, names each file's licence; others are "unknown"."""

    name = "pocus_lung"
    expected = "pocus_videos/convex (and linear) or pocus_images/convex with files such as Cov-Atlas-1.gif, Reg-2.mp4"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "pocus_videos/*") or find_root(folder, "pocus_images/*")
        if root is None:
            raise self.misfit(folder)
        licences = _licences(root)
        for part, suffixes in _KINDS.items():
            for probe in self.labels.columns["probe"]:
                place = root / part / probe
                for path in files_of(place, suffixes) if place.is_dir() else ():
                    match = _PREFIX.match(path.stem)
                    prefix = match[0].lower() if match else ""
                    if prefix not in self.labels.columns["prefix"]:
                        continue  # other findings than the four published classes
                    yield Item(
                        key=f"{part}-{probe}-{path.stem}",
                        source=path,
                        kind="clip" if part == "pocus_videos" else "picture",
                        open=opener(path),
                        labels=self.labels.row({"prefix": prefix, "probe": probe}, path),
                        group=path.stem,
                        licence=licences.get(path.stem.lower(), "unknown"),
                    )


def _licences(root: Path) -> dict[str, str]:
    """Licence by (lower-case) stem of the file."""
    path = next(
        (place / "dataset_metadata.csv" for place in (root, root.parent) if (place / "dataset_metadata.csv").is_file()),
        None,
    )
    if path is None:
        return {}
    found: dict[str, str] = {}
    for row in rows_of(path, ("Filename",)):
        if licence := row.get("License") or row.get("Licence"):
            found[Path(row["Filename"]).stem.lower()] = licence
    return found


READER = PocusLung()
