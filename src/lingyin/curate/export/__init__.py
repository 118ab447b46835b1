"""A corpus in the forms of others: `export_corpus(folder, "coco", out)`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pyarrow.compute as pc

from lingyin.core.errors import UsageError
from lingyin.curate.corpus import Corpus

FORMS = ("coco", "dicom", "huggingface", "nnunet")


def export_corpus(
    folder: str | Path, form: str, out: Path, organ: str | None = None, licence: str | None = None
) -> int:
    """Writes the kept pictures of a corpus as `form` into `out`; gives their number.

    Args:
        folder: the corpus.
        form: one of `FORMS`.
        out: made anew, or files of equal names in it are replaced.
        organ: only pictures that show this node of the tree.
        licence: `open` for pictures that anybody may use again, `research` for those and research sets.

    Raises:
        UsageError: no such form, or no picture fits.
        InputError: no finished corpus.
        OutputError: `out` cannot be written.
    """
    if form not in FORMS:
        raise UsageError(f"there is no export {form!r}; choose one of {', '.join(FORMS)}")
    allowed = {None: None, "open": ["yes"], "research": ["yes", "research"]}
    if licence not in allowed:
        raise UsageError(f"--licence {licence!r} is unknown; choose open or research")
    reuse = allowed[licence]
    corpus = Corpus(folder, None, None if reuse is None else pc.field("reuse").isin(reuse))
    chosen = [index for index, yes in enumerate(corpus.rows.column("yes").to_pylist()) if organ is None or organ in yes]
    if not chosen:
        raise UsageError(f"no picture of {folder} fits")
    write: Callable[[Corpus, list[int], Path], int] = import_module(f"lingyin.curate.export.{form}").write
    return write(corpus, chosen, out)
