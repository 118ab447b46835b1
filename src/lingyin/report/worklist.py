"""`index.html` beside the reports of a batch: every scan, the most urgent first, and the failures by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lingyin.core.files import write_file
from lingyin.core.study import LANGUAGES
from lingyin.report.grammar import load_grammar
from lingyin.report.page import asset, render
from lingyin.report.shapes import structure_name
from lingyin.report.view import file_name

ORDER = ("urgent", "abnormal", "failed", "cannot-say", "normal")


def write_worklist(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Writes `out/index.html` from the rows of `summary.json`; failed scans stand after the abnormal ones.

    Raises:
        OutputError: the file cannot be written; an earlier one stays as it was.
    """
    entries = sorted((_entry(row) for row in rows), key=lambda entry: ORDER.index(entry["state"]))
    page = render(
        "worklist.html.j2",
        [load_grammar(lang) for lang in LANGUAGES],
        entries=entries,
        script=asset("languages.js"),
        failed=sum(entry["state"] == "failed" for entry in entries),
    )
    write_file(Path(out) / "index.html", page.encode())


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    done = row["status"] == "done"
    source, error = str(row["source"]), str(row.get("error") or "")
    name = file_name(source)
    return {
        "name": name,
        "state": str(row["triage"]) if done else "failed",
        "link": f"{quote(str(row['folder']))}/report.html" if done else None,
        "organ": structure_name(str(row["organ"])) if row.get("organ") else {},
        "error": error.replace(source, name).replace(source.split("!", maxsplit=1)[0], name.split("!", maxsplit=1)[0]),
    }
