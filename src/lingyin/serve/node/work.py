"""The analysing thread: takes images whose study is complete, analyses each once, and queues its results."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydicom import dcmread

from lingyin.core.errors import LingyinError, OutputError
from lingyin.core.study import Analysis
from lingyin.io import open_clip
from lingyin.report import write_report
from lingyin.serve.background import Background, where_raised
from lingyin.serve.node.letters import Letters
from lingyin.serve.node.receive import sweep, sync
from lingyin.serve.node.settings import KINDS, NodeSettings
from lingyin.serve.node.state import Result, State
from lingyin.serve.worker import DEFECT, Analyses

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.5
DISK_WAIT_S = 30.0
ABANDONED_S = 3600.0  # a half received image that nobody wrote to for this long is not being received any more


class _StoppedError(Exception):
    """The node stops while an image is analysed."""


class Analyst(Background):
    """Analyses what is complete; a bad image never ends it. Stopped, the image at hand waits for the next start."""

    name = "lingyin-node-analyst"

    def __init__(
        self, settings: NodeSettings, state: State, letters: Letters, engine: Analyses, ready: Callable[[], None]
    ) -> None:
        super().__init__()
        self._settings, self._state, self._letters = settings, state, letters
        self._engine, self._ready = engine, ready

    def _step(self) -> float:
        claimed = self._state.claim(time.time() - self._settings.quiet_s, self._settings.instances)
        if claimed is None:
            sweep(self._settings.temporary, time.time() - ABANDONED_S)
            return LOOK_EVERY_S
        try:
            self.work(*claimed)
        except Exception:  # the database or the folder of dead letters cannot be written
            with suppress(sqlite3.Error):
                self._state.release(claimed[0])
            raise
        return 0.0

    def work(self, seq: int, file: str) -> None:
        """Analyses one image to its end, whatever that is."""
        try:
            analysis = self._analyse(file)
            self._state.finish(seq, analysis.study.triage.value, self._results(file), time.time())
            self._ready()
            return
        except _StoppedError:
            self._state.release(seq)
            return
        except sqlite3.Error:
            raise
        except OutputError as error:  # a full disk is no fault of the image
            log.error("%s", error)
            self._state.release(seq)
            self._stopping.wait(DISK_WAIT_S)
            return
        except LingyinError as error:
            problem = str(error)
        except Exception as error:
            log.error("image %s met a defect: %s at\n%s", file, type(error).__name__, where_raised(error))
            problem = DEFECT.format(kind=type(error).__name__)
        self._state.give_up(seq, problem)
        self._letters.add(file, problem)

    def _analyse(self, file: str) -> Analysis:
        clip = open_clip(self._settings.images / file)

        def tell(_stage: str, _done: int, _total: int) -> None:
            if self._stopping.is_set():
                raise _StoppedError

        analysis = self._engine.analyze(clip, progress=tell)
        folder = self._folder(file)
        shutil.rmtree(folder, ignore_errors=True)  # of an analysis that was killed before it was noted as done
        write_report(analysis, clip, folder, self._settings.lang, pdf="pdf" in self._settings.kinds)
        return analysis

    def _results(self, file: str) -> list[Result]:
        """The objects to send, all of them on the disk."""
        folder = self._folder(file)
        unwanted = set(KINDS) - set(self._settings.kinds)
        results = []
        for path in sorted((folder / "dicom").glob("*.dcm")):
            if path.stem.partition("-")[0] in unwanted:
                continue
            header = dcmread(path, stop_before_pixels=True, specific_tags=["SOPClassUID", "SOPInstanceUID"])
            name = path.relative_to(self._settings.results).as_posix()
            syntax = str(header.file_meta.TransferSyntaxUID)
            results.append(Result(str(header.SOPInstanceUID), str(header.SOPClassUID), syntax, name))
            sync(path)
        for each in (folder / "dicom", folder, folder.parent):
            sync(each)
        return results

    def _folder(self, file: str) -> Path:
        return self._settings.results / Path(file).stem
