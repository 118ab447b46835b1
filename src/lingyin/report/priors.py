"""Reports compared with a prior one: two folders by name, or the studies of one patient within a batch by number and
date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from lingyin.core.errors import InputError, LingyinError, UsageError
from lingyin.core.study import Analysis, Comparison, Study
from lingyin.report.compare import compare
from lingyin.report.identity import Identity, date_of, differ, identity_of, match_of
from lingyin.report.reopen import read_study, reopen
from lingyin.report.rewrite import rewrite_report


def compare_folders(
    prior: Path,
    now: Path,
    *,
    same_patient: bool = False,
    prior_date: date | None = None,
    now_date: date | None = None,
) -> Comparison:
    """Compares two report folders (or their `report.json`); nothing is written.

    Args:
        prior: the earlier report.
        now: the present one.
        same_patient: vouches that both are of one patient where a header has no number.
        prior_date: date of the earlier study, where its header has none.
        now_date: date of the present one.

    Raises:
        InputError: a folder holds no report, or no date is known.
        UsageError: the patients differ or are not known, or the prior study is not earlier.
    """
    prior, now = _folder(prior), _folder(now)
    before, after = identity_of(prior), identity_of(now)
    matched = match_of(before, after, same_patient)
    return compare(
        read_study(prior),
        read_study(now),
        date_of(before, prior_date, prior, "--prior-date"),
        date_of(after, now_date, now, "--date"),
        hashlib.sha256((prior / "report.json").read_bytes()).hexdigest(),
        matched,
    )


def add_comparison(now: Path, comparison: Comparison) -> None:
    """Puts a comparison into every form of a report.

    Raises:
        UsageError: the report is signed; a physician's signature covers what it said.
        InputError, OutputError: as of `rewrite_report`.
    """
    before = reopen(_folder(now))
    study = before.analysis.study
    if study.signatures:
        raise UsageError(f"{now}: the report is signed; compare first, then sign")
    after = study.model_copy(update={"comparison": comparison})
    rewrite_report(before, Analysis(after, before.analysis.outlines))


def match_batch(folders: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Pairs (prior, present): for each report the latest earlier study of the same patient that shows the same organ.

    Two studies belong together by patient number, and only where issuer, birth date and sex do not contradict that.
    """
    known: list[tuple[Path, Identity, str | None, date]] = []
    for folder in folders:
        try:
            identity, study = identity_of(folder), read_study(folder)
        except LingyinError:
            continue
        if identity.is_known and identity.made is not None:
            known.append((folder, identity, organ_of(study), identity.made))
    pairs = []
    for folder, identity, organ, made in known:
        earlier = [
            (other_made, other)
            for other, theirs, their_organ, other_made in known
            if other_made < made
            and organ is not None
            and their_organ == organ
            and theirs.patient == identity.patient
            and theirs.study_uid != identity.study_uid
            and differ(theirs, identity) is None
        ]
        if earlier:
            pairs.append((max(earlier)[1], folder))
    return pairs


def organ_of(study: Study) -> str | None:
    """Code of the organ that a study shows, where it was recognised."""
    return next(
        (each.code for each in study.findings if each.category == "organ" and each.certainty == "present"), None
    )


def compare_batch(folders: Iterable[Path]) -> dict[Path, Path]:
    """Compares the reports of a batch with their priors, and writes that into them; which prior each report has.

    What is compared already, or signed, stays as it is. A pair that cannot be compared is left alone.
    """
    done: dict[Path, Path] = {}
    for prior, now in match_batch(folders):
        try:
            found, present = compare_folders(prior, now), read_study(now)
            if present.comparison != found:
                if present.signatures:
                    continue
                add_comparison(now, found)
        except (InputError, UsageError):
            continue
        done[now] = prior
    return done


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent
