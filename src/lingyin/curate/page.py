"""The registry as a page of the reference, written from its files so that page and program cannot differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lingyin.core.tree import load_tree
from lingyin.curate.readers import READER_NAMES
from lingyin.curate.registry import DataSet

OPENING = """# Public data sets

Written by `scripts/datasets-page` from `src/lingyin/curate/registry/`; do not edit by hand. `lingyin data list` and
`lingyin data show NAME` print the same.

**Reuse** is what the licence allows: `yes` to anybody, `research` on non-commercial or signed terms, `no`, `unknown`.
**Checked** says where number and licence were read: in the set itself (`primary`), in another publication or catalogue
(`secondary`), or nowhere yet (`general-knowledge`). An empty cell is unknown. Read the licence yourself before use.
"""


def datasets_page(sets: Collection[DataSet]) -> str:
    """Markdown of all sets, by region of the first organ named."""
    return "\n".join(_lines(sets)) + "\n"


def _lines(sets: Collection[DataSet]) -> Iterator[str]:
    tree = load_tree()
    yield OPENING
    readable = sum(entry.reader is not None for entry in sets)
    free = sum(entry.reuse == "yes" for entry in sets)
    yield f"{len(sets)} sets, {readable} of them with a reader, {free} open to anybody. {len(READER_NAMES)} readers.\n"
    for region in tree.roots():
        chosen = [entry for entry in sets if tree.path(entry.organs[0])[0] == region]
        if not chosen:
            continue
        yield f"## {tree[region].name['en'].capitalize()}\n"
        yield "| name | set | organs | labels | size | licence | reuse | reader | checked | traps |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        yield from map(_row, chosen)
        yield ""


def _row(entry: DataSet) -> str:
    title = entry.title if entry.address == "unknown" else f"[{entry.title}]({entry.address})"
    counts = ((entry.images, "images"), (entry.videos, "videos"), (entry.subjects, "subjects"))
    size = ", ".join(f"{count:,} {unit}" for count, unit in counts if count is not None)
    cells = (
        f"`{entry.name}`",
        title,
        ", ".join(entry.organs),
        ", ".join(entry.tasks),
        size,
        entry.licence,
        entry.reuse,
        f"`{entry.reader}`" if entry.reader else "",
        entry.checked,
        entry.notes,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
