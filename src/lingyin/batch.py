"""Many scans to one folder of reports: goes on after a bad file, skips what is done, keeps `summary.json` whole."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lingyin.analyze.options import NO_OPTIONS, Options
from lingyin.api import Engine, demo_scan
from lingyin.core.errors import InputError, LingyinError, OutputError
from lingyin.core.files import write_file
from lingyin.core.study import Study
from lingyin.io import ScanRef, discover
from lingyin.report import write_worklist
from lingyin.report.priors import add_comparison, compare_batch, compare_folders
from lingyin.version import __version__

log = logging.getLogger(__name__)
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Row:
    """One line of `summary.json`; `folder` is relative to the output folder and None where nothing was written."""

    source: str
    folder: str | None
    status: str  # "done" | "failed"
    triage: str
    error: str | None
    exit_code: int = 0
    organ: str | None = None
    fingerprint: str | None = None
    prior: str | None = None  # folder of the prior study that the report was compared with


@dataclass(frozen=True)
class Hooks:
    """What a caller may watch: each scan's start, its stages, its end."""

    started: Callable[[str, int, int], None] = lambda _name, _index, _total: None
    stage: Callable[[str, int, int], None] = lambda _stage, _done, _total: None
    finished: Callable[[Row, Study | None], None] = lambda _row, _study: None


def expand(sources: Iterable[str]) -> list[ScanRef | InputError]:
    """Scans behind the words of a command line; the word `demo` stands for pydicom's real cine."""
    return discover(
        [str(demo_scan()) if source == "demo" and not Path("demo").exists() else source for source in sources]
    )


def analyze_all(
    sources: Iterable[str],
    out: Path,
    *,
    lang: str = "all",
    model: Path | None = None,
    mm_per_px: float | None = None,
    threads: int | None = None,
    again: bool = False,
    pdf: bool = True,
    options: Options = NO_OPTIONS,
    prior: Path | None = None,
    hooks: Hooks | None = None,
) -> list[Row]:
    """Analyses every scan and writes one folder each, `summary.json` and `index.html` into `out`.

    A scan whose folder is already there, made from the same bytes by the same program and model, is not repeated
    unless `again`. A bad scan becomes a row with its error and never stops the others. Studies of one patient and organ
    are compared, each with the one before it; `prior` is a report to compare every scan with instead.

    Raises:
        OutputError: `out` itself cannot be written.
        UsageError: `prior` is of another patient or not earlier; the reports are written, without a comparison.
        ModelError: the network cannot be loaded.
    """
    hooks = hooks or Hooks()
    items = expand(sources)
    _make_folder(out)
    before = {} if again else _rows_before(out)
    names = _folder_names(items)
    sources_now = {_source_of(item) for item in items}
    rows: list[Row] = []
    engine: Engine | None = None
    for index, (item, name) in enumerate(zip(items, names, strict=True)):
        source = _source_of(item)
        hooks.started(source, index, len(items))
        study: Study | None = None
        if isinstance(item, InputError):
            row = Row(source, None, "failed", "cannot-say", str(item), item.exit_code)
        else:
            mark = _fingerprint(item, lang, model, mm_per_px, pdf, options)
            known = before.get(source)
            if (
                known is not None
                and known.status == "done"
                and known.fingerprint == mark
                and (out / name / "report.json").is_file()
            ):
                row = known
            else:
                engine = engine or Engine(model, threads, options)
                row, study = _one(engine, item, out, name, mark, lang, mm_per_px, pdf, hooks)
        rows.append(row)
        before.pop(source, None)
        _write_summary([*rows, *(later for later in before.values() if later.source in sources_now)], out)
        hooks.finished(row, study)
    rows = _compared(rows, out, prior)
    _write_summary(rows, out)
    write_worklist([asdict(row) for row in rows], out)
    return rows


def _compared(rows: list[Row], out: Path, prior: Path | None) -> list[Row]:
    """The rows with the folder of the prior study that each report was compared with."""
    folders = {out / row.folder: row for row in rows if row.status == "done" and row.folder is not None}
    if prior is not None:
        for folder in folders:
            add_comparison(folder, compare_folders(prior, folder))
        return rows
    found = {folders[now].source: folders[before].folder for now, before in compare_batch(folders).items()}
    return [replace(row, prior=found.get(row.source)) for row in rows]


def _one(
    engine: Engine,
    ref: ScanRef,
    out: Path,
    name: str,
    mark: str,
    lang: str,
    mm_per_px: float | None,
    pdf: bool,
    hooks: Hooks,
) -> tuple[Row, Study | None]:
    """Analyses and writes one scan; whatever goes wrong becomes its row."""
    source = _source_of(ref)
    try:
        study = engine.analyze(ref.path, member=ref.member, mm_per_px=mm_per_px, progress=hooks.stage)
        hooks.stage("writing", 0, 1)
        study.save(out / name, lang, pdf=pdf)
    except OutputError:
        raise
    except LingyinError as error:
        return Row(source, None, "failed", "cannot-say", str(error), error.exit_code), None
    except Exception as error:
        log.exception("defect while analysing %s", source)
        text = f"{source}: a defect of the program ({type(error).__name__}: {error}); please report it"
        return Row(source, None, "failed", "cannot-say", text, 1), None
    organ = next((finding.code for finding in study.findings if finding.category == "organ"), None)
    return Row(source, name, "done", study.triage.value, None, 0, organ, mark), study


def _source_of(item: ScanRef | InputError) -> str:
    if isinstance(item, InputError):
        return item.path
    return f"{item.path}!{item.member}" if item.member else str(item.path)


def _folder_names(items: list[ScanRef | InputError]) -> list[str]:
    """A readable, safe and unique folder name for each scan, the same at every run over the same sources."""
    used: dict[str, int] = {}
    names = []
    for item in items:
        stem = Path(item.path).stem if isinstance(item, InputError) else Path(item.name).stem
        safe = re.sub(r"[^\w.\-]+", "_", stem).strip("._") or "scan"
        used[safe.lower()] = used.get(safe.lower(), 0) + 1
        count = used[safe.lower()]
        names.append(safe if count == 1 else f"{safe}-{count}")
    return names


def _fingerprint(
    ref: ScanRef, lang: str, model: Path | None, mm_per_px: float | None, pdf: bool, options: Options
) -> str:
    """Changes when the file, the program, the model or the options change."""
    stat = ref.path.stat()
    parts = [
        str(stat.st_size),
        str(stat.st_mtime_ns),
        ref.member,
        __version__,
        lang,
        str(mm_per_px),
        str(pdf),
        options.mark,
        _model_mark(model),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _model_mark(model: Path | None) -> str:
    from lingyin.runtime.manifest import default_folder

    manifest = (model or default_folder()) / "manifest.json"
    return hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else "missing"


def _rows_before(out: Path) -> dict[str, Row]:
    """Rows of an earlier, perhaps interrupted run over the same folder; a damaged summary counts as none."""
    try:
        rows = json.loads((out / SUMMARY).read_text(encoding="utf-8"))
        return {row["source"]: Row(**row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".write-test"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise OutputError(out, f"cannot be written ({error.strerror})", "choose another folder with -o") from error


def _write_summary(rows: list[Row], out: Path) -> None:
    """Replaces `summary.json` in one step, so that a reader never sees half of it."""
    write_file(out / SUMMARY, json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False).encode())
