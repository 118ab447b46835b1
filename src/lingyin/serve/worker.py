"""The one worker: takes the study that waited longest, analyses it with an engine loaded once, writes its report."""

from __future__ import annotations

import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from lingyin.core.clip import Clip
from lingyin.core.errors import InputError, LingyinError
from lingyin.core.study import Analysis, Category, Certainty, Study
from lingyin.io import open_clip
from lingyin.report import write_report
from lingyin.report.compare import compare
from lingyin.report.dicom.source import source_header
from lingyin.report.identity import Identity, identity_in
from lingyin.report.priors import organ_of
from lingyin.report.reopen import read_study
from lingyin.serve.background import Background, where_raised
from lingyin.serve.dicomweb.index import Index
from lingyin.serve.intake import reason
from lingyin.serve.reviews import Reviews
from lingyin.serve.settings import Settings
from lingyin.serve.store import Job, Store

log = logging.getLogger(__name__)
TELL_EVERY_S = 0.1
LOOK_EVERY_S = 5.0
DEFECT = "a defect of the program ({kind}); please report it"


class Analyses(Protocol):
    """What the worker needs of an engine (`lingyin.analyze.Engine`)."""

    def analyze(self, clip: Clip, progress: Callable[[str, int, int], None] | None = None) -> Analysis: ...


class _DeletedError(Exception):
    """The study was deleted while it ran."""


class _StoppedError(Exception):
    """The server stops while the study runs."""


class Worker(Background):
    """Analyses what waits; a bad scan never ends it. Stopped, the study it was at is queued again at the next start."""

    name = "lingyin-worker"
    patience_s = 10.0

    def __init__(self, store: Store, settings: Settings, engine: Analyses, reviews: Reviews, index: Index) -> None:
        super().__init__()
        self._store, self._settings, self._engine = store, settings, engine
        self._reviews, self._index = reviews, index

    def _step(self) -> float:
        job = self._store.claim()
        if job is None:
            return LOOK_EVERY_S
        self.work(job)
        return 0.0

    def work(self, job: Job) -> None:
        """Analyses one study to its end, whatever that is."""
        folder = self._settings.reports / job.id
        path = self._settings.uploads / job.scan.upload / job.scan.file
        try:
            study = self._analyse(job, path, folder)
            ended = self._store.finish(job.id, study.triage.value, _organ(study))
        except _StoppedError:
            return  # stays "running", and so is queued again at the next start
        except _DeletedError:
            ended = False
        except InputError as error:
            log.warning("study %s cannot be read: %s", job.id, type(error).__name__)
            ended = self._store.fail(job.id, reason(error, path, job.scan.name))
        except LingyinError as error:
            log.error("study %s failed: %s", job.id, type(error).__name__)
            ended = self._store.fail(job.id, str(error).replace(str(path), job.scan.name))
        except Exception as error:
            log.error("study %s met a defect: %s at\n%s", job.id, type(error).__name__, where_raised(error))
            ended = self._store.fail(job.id, f"{job.scan.name}: {DEFECT.format(kind=type(error).__name__)}")
        if not ended:
            shutil.rmtree(folder, ignore_errors=True)
            self._index.forget(job.id)
        drop_unused(job.scan.upload, self._store, self._settings)

    def _analyse(self, job: Job, path: Path, folder: Path) -> Study:
        clip = open_clip(path, member=job.scan.member, mm_per_px=job.scan.mm_per_px)
        header = source_header(clip.source)
        # The report shows the name that the owner of the file knows, not ours.
        clip = replace(clip, source=replace(clip.source, path=job.scan.name, member=None))
        told = ("", 0.0)

        def tell(stage: str, done: int, total: int) -> None:
            nonlocal told
            if self._stopping.is_set():
                raise _StoppedError
            if stage != told[0] or time.monotonic() - told[1] > TELL_EVERY_S:
                told = (stage, time.monotonic())
                if not self._store.advance(job.id, stage, done / max(total, 1)):
                    raise _DeletedError

        analysis = self._engine.analyze(clip, progress=tell)
        tell("writing", 0, 1)
        identity = None if header is None else identity_in(header)
        if identity is not None:
            analysis = self._compared(analysis, identity)
        write_report(analysis, clip, folder, header=header)
        if identity is not None:
            self._reviews.note_patient(job.id, identity, analysis.study)
        self._index.take(job.id)  # before the study counts as done, so that whoever waited for it finds its results
        return analysis.study

    def _compared(self, analysis: Analysis, identity: Identity) -> Analysis:
        """The analysis with its comparison to the latest earlier study of the same patient and organ, if any."""
        prior = self._reviews.prior_of(identity, organ_of(analysis.study))
        if prior is None or identity.made is None:
            return analysis
        path = self._settings.reports / prior[0] / "report.json"
        try:
            mark = hashlib.sha256(path.read_bytes()).hexdigest()
            found = compare(read_study(path), analysis.study, prior[1], identity.made, mark, "patient-id")
        except (LingyinError, OSError) as error:  # a report without its prior is better than none
            log.warning("the prior study %s cannot be compared: %s", prior[0], type(error).__name__)
            return analysis
        return Analysis(analysis.study.model_copy(update={"comparison": found}), analysis.outlines)


def drop_unused(upload: str, store: Store, settings: Settings) -> None:
    """Removes the received files of a request once no study waits for them any more."""
    if upload not in store.uploads_in_use():
        shutil.rmtree(settings.uploads / upload, ignore_errors=True)


def _organ(study: Study) -> dict[str, str] | None:
    for finding in study.findings:
        if finding.category is Category.ORGAN and finding.certainty is Certainty.PRESENT:
            return finding.name
    return None
