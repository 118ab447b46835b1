"""`index.html` beside the reports of a batch: every scan, the most urgent first, and the failures by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lingyin.core.errors import InputError
from lingyin.core.files import write_file
from lingyin.core.study import LANGUAGES
from lingyin.report.grammar import load_grammar
from lingyin.report.history import signed
from lingyin.report.page import asset, data_uri, render
from lingyin.report.pictures import THUMBNAIL
from lingyin.report.reopen import read_study
from lingyin.report.shapes import structure_name
from lingyin.report.view import file_name

ORDER = ("urgent", "abnormal", "failed", "cannot-say", "normal")


def write_worklist(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    """Writes `out/index.html` from the rows of `summary.json`; failed scans stand after the abnormal ones.

    Raises:
        OutputError: the file cannot be written; an earlier one stays as it was.
    """
    out = Path(out)
    entries = sorted((_entry(row, out) for row in rows), key=lambda entry: ORDER.index(entry["state"]))
    page = render(
        "worklist.html.j2",
        [load_grammar(lang) for lang in LANGUAGES],
        entries=entries,
        script=asset("languages.js"),
        failed=sum(entry["state"] == "failed" for entry in entries),
    )
    write_file(out / "index.html", page.encode())


def _entry(row: Mapping[str, Any], out: Path) -> dict[str, Any]:
    done = row["status"] == "done"
    source, error = str(row["source"]), str(row.get("error") or "")
    name = file_name(source)
    return {
        "name": name,
        "state": str(row["triage"]) if done else "failed",
        "link": f"{quote(str(row['folder']))}/report.html" if done else None,
        "picture": _picture(out / str(row["folder"])) if done else None,
        "prior": f"{quote(str(row['prior']))}/report.html" if row.get("prior") else None,
        "growth": _growth(out / str(row["folder"])) if row.get("prior") else {},
        "organ": structure_name(str(row["organ"])) if row.get("organ") else {},
        "error": error.replace(source, name).replace(source.split("!", maxsplit=1)[0], name.split("!", maxsplit=1)[0]),
    }


def _picture(folder: Path) -> str | None:
    """The small picture of a report as text; None where it has none."""
    try:
        return data_uri((folder / THUMBNAIL).read_bytes())
    except OSError:
        return None


def _growth(folder: Path) -> dict[str, str]:
    """The first change since the prior study, in each language; nothing where none was measured."""
    try:
        study = read_study(folder)
    except InputError:
        return {}
    if study.comparison is None or not study.comparison.growth:
        return {}
    first = study.comparison.growth[0]
    finding, since = study.findings[first.finding], study.comparison.prior_date
    grammars = map(load_grammar, LANGUAGES)
    return {each.lang: f"{signed(first.difference, finding.code, finding.unit, each)}, {since}" for each in grammars}
