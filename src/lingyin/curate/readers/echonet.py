"""EchoNet-Dynamic and EchoNet-Pediatric: a table of videos and a table of traced left ventricles, in two notations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lingyin.core.errors import InputError
from lingyin.curate.readers.contract import Item, Points, Reader
from lingyin.curate.readers.masks import polygons
from lingyin.curate.readers.shapes import find_root, number, opener, rows_of

_PARTS = ("FileList.csv", "VolumeTracings.csv", "Videos")
_SIDE = 112  # px: both sets publish videos of this width and height
_VOLUMES = {"EDV": "left_ventricle_end_diastolic_volume", "ESV": "left_ventricle_end_systolic_volume"}
Outlines = dict[str, dict[int, Points]]  # video -> frame -> outline


class EchonetDynamic(Reader):
    """Ouyang et al. 2020. Each video is of another person; a tracing is the long axis and then chords across it."""

    name = "echonet_dynamic"
    expected = "FileList.csv, VolumeTracings.csv (FileName, X1, Y1, X2, Y2, Frame) and the folder Videos"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, *_PARTS)
        if root is None:
            raise self.misfit(folder)
        outlines = _traced(root / "VolumeTracings.csv", ("X1", "Y1", "X2", "Y2"), _outline_of_chords)
        for row in rows_of(root / "FileList.csv", ("FileName", "EF", "Split")):
            yield _item(self, root, row, outlines, {}, row["Split"].lower() or None)


class EchonetPediatric(Reader):
    """Reddy et al. 2023. Two views in folders of their own; a tracing is the outline in order; ten folds as split."""

    name = "echonet_pediatric"
    expected = "the folders A4C and PSAX, each with FileList.csv, VolumeTracings.csv (FileName, X, Y, Frame) and Videos"

    def items(self, folder: Path) -> Iterator[Item]:
        views = list(self.labels.columns["folder"])
        root = next((found for view in views if (found := find_root(folder, f"{view}/FileList.csv"))), None)
        if root is None:
            raise self.misfit(folder)
        for view in views:
            part = root / view
            if not part.is_dir():
                continue
            if not all((part / name).exists() for name in _PARTS):
                raise self.misfit(part)
            outlines = _traced(part / "VolumeTracings.csv", ("X", "Y"), lambda points: points)
            for row in rows_of(part / "FileList.csv", ("FileName", "EF", "Split")):
                yield _item(
                    self, part, row, outlines, {"folder": view}, f"fold{row['Split']}" if row["Split"] else None
                )


def _item(
    reader: Reader, root: Path, row: Mapping[str, str], outlines: Outlines, told: Mapping[str, str], split: str | None
) -> Item:
    stem = row["FileName"].removesuffix(".avi")
    path = root / "Videos" / f"{stem}.avi"
    if not path.is_file():
        raise InputError(path, "is missing although FileList.csv names it", "unpack the whole archive")
    table = root / "FileList.csv"
    codes = {"EF": "left_ventricular_ejection_fraction", **_VOLUMES}
    return Item(
        key=f"{told['folder']}-{stem}" if told else stem,
        source=path,
        kind="clip",
        open=opener(path),
        labels=reader.labels.row(told, table),
        group=stem,
        licence=reader.licence,
        masks={
            reader.labels.masks["outline"]: {
                frame: polygons([outline], _SIDE, _SIDE) for frame, outline in outlines.get(stem, {}).items()
            }
        },
        measurements={code: number(row[name], table, name) for name, code in codes.items() if row.get(name)},
        split=split,
        facts={name: row[name] for name in ("Sex", "Age") if row.get(name)},
    )


def _traced(path: Path, columns: tuple[str, ...], outline: Callable[[NDArray[np.float64]], Points]) -> Outlines:
    """Outlines by video and frame. Rows whose frame is no number ("No Systolic") say that nothing was traced."""
    rows: dict[tuple[str, int], list[list[float]]] = {}
    for row in rows_of(path, ("FileName", *columns, "Frame")):
        if row["Frame"].isdigit():
            values = [number(row[column], path, f"{column} of {row['FileName']}") for column in columns]
            rows.setdefault((row["FileName"].removesuffix(".avi"), int(row["Frame"])), []).append(values)
    found: Outlines = {}
    for (stem, frame), traced in rows.items():
        points = outline(np.array(traced))
        if len(points) > 2:
            found.setdefault(stem, {})[frame] = points
    return found


def _outline_of_chords(chords: NDArray[np.float64]) -> Points:
    """`(2 (N - 1), 2)` outline of `(N, 4)` chords: down one side, up the other; the first row is the long axis."""
    across = chords[1:]
    return np.concatenate([across[:, :2], across[::-1, 2:]])


READERS = (EchonetDynamic(), EchonetPediatric())
