"""`sign_report`: a report folder corrected and signed, every form of it made anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from lingyin.core.errors import InputError, UsageError
from lingyin.core.study import Analysis, Change, Signature, Status, Study
from lingyin.report.dicom.earlier import read_earlier
from lingyin.report.history import content_of
from lingyin.report.reopen import reopen
from lingyin.report.review.apply import apply_edits
from lingyin.report.review.edits import Edit
from lingyin.report.review.verify import content_hash, problems_of, signature_hash
from lingyin.report.rewrite import rewrite_report

LONGEST_NAME, LONGEST_COMMENT = 64, 4000


def sign_report(
    folder: Path,
    by: str,
    edits: Sequence[Edit] = (),
    *,
    organisation: str | None = None,
    comment: str | None = None,
    at: datetime | None = None,
) -> Study:
    """Applies `edits`, signs, and writes every form anew, whole or not at all. Returns the signed study.

    Args:
        folder: a report folder.
        by: the signer's name, at most 64 characters.
        edits: corrections in the order in which they are applied; none means that the report stands as it is.
        organisation: where the signer works; it stands in the DICOM report.
        comment: the signer's own words, which stand in the report under his name.
        at: time of the signature; now where it is None.

    Raises:
        InputError: the folder holds no whole report, or was changed since it was signed.
        UsageError: no name, or an edit that cannot be applied; nothing is changed.
        OutputError: the folder cannot be written; nothing is changed.
    """
    by = _one_line(by, "the signer's name", LONGEST_NAME)
    organisation = _one_line(organisation, "the organisation", LONGEST_NAME) if organisation else None
    comment = comment.strip() if comment and comment.strip() else None
    if comment is not None and len(comment) > LONGEST_COMMENT:
        raise UsageError(f"the comment is longer than {LONGEST_COMMENT} characters")
    before = reopen(folder)
    study = before.analysis.study
    problems = problems_of(study)
    if problems:
        remedy = "restore it from a backup, or analyse the scan again"
        raise InputError(folder / "report.json", f"was changed since it was signed ({problems[0]})", remedy)
    edited = apply_edits(before.analysis, edits, _sex(folder))
    moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    signed = with_signature(study, edited.analysis.study, edited.changes, by, organisation, moment, comment)
    rewrite_report(before, Analysis(signed, edited.analysis.outlines))
    return signed


def with_signature(
    study: Study,
    after: Study,
    changes: list[Change],
    by: str,
    organisation: str | None,
    at: str,
    comment: str | None,
) -> Study:
    """`after` with a signature for its changes against `study`, chained to the signatures before."""
    content = content_hash(after, content_of(after))
    previous = study.signatures[-1].sha256 if study.signatures else content_hash(study, content_of(study))
    signature = Signature(
        by=by,
        organisation=organisation,
        at=at,
        comment=comment,
        changes=changes,
        before=content_of(study),
        content_sha256=content,
        previous_sha256=previous,
        sha256=signature_hash(by, organisation, at, comment, changes, content, previous),
    )
    status = Status.AMENDED if study.signatures else Status.FINAL
    return after.model_copy(update={"signatures": [*study.signatures, signature], "status": status})


def _sex(folder: Path) -> str | None:
    """The patient's sex as the DICOM objects have it: some thresholds differ."""
    sex = str(read_earlier(folder).report.get("PatientSex") or "")
    return sex if sex in {"M", "F"} else None


def _one_line(text: str, what: str, longest: int) -> str:
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if not plain or len(plain) > longest:
        raise UsageError(f"{what} must have 1 to {longest} characters")
    return plain
