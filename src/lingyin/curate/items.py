"""One item of a source to the rows and files of its pictures; a damaged one to a row that says why it is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from lingyin.core.clip import Frame, Mask, Region
from lingyin.core.errors import CatalogueError, InputError, NotUltrasoundError
from lingyin.core.labels import LabelSet
from lingyin.core.tree import Kind, load_tree
from lingyin.curate.licences import reuse_of
from lingyin.curate.pictures import Prepared, prepare, view_of
from lingyin.curate.pixeltext import text_within
from lingyin.curate.readers import Item
from lingyin.curate.recognise import Origin
from lingyin.curate.registry import UNKNOWN, load_registry
from lingyin.curate.settings import Settings
from lingyin.curate.suitability import Reason
from lingyin.curate.ustar import member

_UNNAMED = frozenset({"dicom_folder", "image_folder"})  # of any hospital: names of files may be names of people
_DEVICE = "manufacturer"


def rows_of_item(origin: Origin, number: int, item: Item, settings: Settings) -> Iterator[tuple[dict[str, Any], bytes]]:
    """A row of `UNIT_SCHEMA` (without its place) and the tar members of the files, per picture of the item."""
    base = _base(origin, number, item)
    try:
        frames = item.open()
        regions = _regions(item)
        chosen = choose_frames(len(frames), sorted(_marked(item)), settings.frames_per_clip)
        pictures = [frames[index] for index in chosen]
        sector = view_of(pictures, regions)
        text = text_within(pictures, sector.mask) if is_searched(origin, settings) else []
        masks = [_masks(item, index, frame) for index, frame in zip(chosen, pictures, strict=True)]
    except InputError as error:
        wrong = Reason.NOT_ULTRASOUND if isinstance(error, NotUltrasoundError) else Reason.UNREADABLE
        yield {**base, "id": f"{base['id']}-000000", "frame": 0, "status": "dropped", "reason": wrong.value}, b""
        return
    for index, frame, drawn in zip(chosen, pictures, masks, strict=True):
        name = f"{base['id']}-{index:06d}"
        prepared = prepare(frame, sector, drawn, regions, settings, text)
        outlined = sorted(code for code, mask in drawn.items() if mask.any())
        said = with_outlines(item.labels, outlined)
        row = {**base, "id": name, "frame": index, "frames": len(frames), "masks": outlined}
        row |= {"yes": sorted(said.yes), "no": sorted(said.no)}
        yield {**row, **_told(item, index, frame, prepared)}, _members(name, prepared)


def is_searched(origin: Origin, settings: Settings) -> bool:
    """Whether the pictures of a source are searched for burned-in text."""
    return settings.clean == "all" or (settings.clean == "own" and not origin.is_published)


def with_outlines(labels: LabelSet, outlined: Sequence[str]) -> LabelSet:
    """The labels, and yes for every structure with an outline, unless the labels deny it: then they stand."""
    for code in outlined:
        with suppress(CatalogueError):
            labels |= LabelSet.close([code])
    return labels


def choose_frames(count: int, marked: Sequence[int], most: int) -> list[int]:
    """Indices of the frames to store: those with annotations first, then evenly spaced ones, in order of time."""
    chosen = [index for index in marked if index < count]
    if len(chosen) > most:
        chosen = [chosen[place] for place in np.linspace(0, len(chosen) - 1, most).round().astype(int)]
    even = np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
    return sorted({*chosen, *[index for index in even if index not in chosen][: most - len(chosen)]})


def _base(origin: Origin, number: int, item: Item) -> dict[str, Any]:
    unnamed = origin.reader in _UNNAMED
    facts = {name: text for name, text in item.facts.items() if not unnamed and name != _DEVICE}
    entry = load_registry().get(origin.data_set or "")
    region, organ = _place(item.labels)
    group = item.group if not unnamed or item.group != item.key else f"{number:07d}"
    return {
        "id": f"{origin.name}-{number:07d}",
        "source": origin.name,
        "reader": origin.reader,
        "data_set": origin.data_set,
        "key": f"{number:07d}" if unnamed else item.key,
        "frames": 1,
        "given_split": item.split,
        "group": f"{origin.name}/{group}",
        "subject": item.subject and f"{origin.name}/{item.subject}",
        "region": region,
        "organ": organ,
        "yes": sorted(item.labels.yes),
        "no": sorted(item.labels.no),
        "masks": [],
        "measurements": _json(item.measurements),
        "points": "{}",
        "facts": _json(facts),
        "device": item.facts.get(_DEVICE) or (entry.devices[0] if entry and len(entry.devices) == 1 else UNKNOWN),
        "licence": item.licence,
        "reuse": entry.reuse if entry else reuse_of(item.licence),
        "origin": item.source.relative_to(origin.folder).as_posix(),
    }


def _told(item: Item, index: int, frame: Frame, made: Prepared) -> dict[str, Any]:
    """What the prepared picture adds to the row."""
    kept = made.files is not None
    status = "dropped" if not kept else "apart" if made.reason else "kept"
    spacing = (None, None) if item.mm_per_px is None or not kept else item.mm_per_px
    points = {name: by_frame[index] for name, by_frame in item.points.items() if index in by_frame}
    moved = {
        name: np.round((xy - (made.crop.left, made.crop.top)) * made.scale, 2).tolist() for name, xy in points.items()
    }
    return {
        "status": status,
        "reason": made.reason and made.reason.value,
        "points": _json(moved),
        "mm_per_px_x": spacing[0] and spacing[0] / made.scale,
        "mm_per_px_y": spacing[1] and spacing[1] / made.scale,
        "width": made.width,
        "height": made.height,
        "source_width": frame.shape[1],
        "source_height": frame.shape[0],
        "crop": [round(edge) for edge in (made.crop.left, made.crop.top, made.crop.right, made.crop.bottom)],
        "colour": made.colour,
        "quality": made.quality.score,
        "quality_code": made.quality.code,
        "text_boxes": made.text_boxes,
        "digest": made.digest or None,
        "hash": None if made.words is None else made.words.tolist(),
        "thumb": None if made.thumb is None else made.thumb.tobytes(),
    }


def _members(name: str, made: Prepared) -> bytes:
    return b"".join(member(f"{name}.{ending}", content) for ending, content in (made.files or {}).items())


def _regions(item: Item) -> tuple[Region, ...]:
    """The regions that a DICOM file declares."""
    from lingyin.io.sniff import Kind as FileKind
    from lingyin.io.sniff import sniff

    if not item.source.is_file() or sniff(item.source).kind is not FileKind.DICOM:
        return ()
    from lingyin.io.open import open_file

    return open_file(item.source).regions


def _marked(item: Item) -> set[int]:
    return {frame for by_frame in (*item.masks.values(), *item.points.values()) for frame in by_frame}


def _masks(item: Item, index: int, frame: Frame) -> dict[str, Mask]:
    """Masks of one frame. Raises InputError for one of another size: it would lie elsewhere than it was drawn."""
    found = {code: by_frame[index]() for code, by_frame in item.masks.items() if index in by_frame}
    for code, mask in found.items():
        if mask.shape != frame.shape[:2]:
            raise InputError(item.source, f"its mask of {code} has another size", "take the published files")
    return found


def _place(labels: LabelSet) -> tuple[str | None, str | None]:
    """Region and organ, the deepest one that the labels affirm; None where they name none, or several."""
    tree = load_tree()
    organs = {organ for code in labels.yes if (organ := tree.organ_of(code))}
    deepest = {organ for organ in organs if not any(organ in tree.ancestors(other) for other in organs)}
    regions = {code for code in labels.yes if tree[code].kind is Kind.REGION}
    return (min(regions) if len(regions) == 1 else None, min(deepest) if len(deepest) == 1 else None)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
