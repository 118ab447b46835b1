"""The analysing thread: takes images whose study is complete, analyses each once, and queues its results."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydicom import dcmread

from lingyin.core.errors import LingyinError, OutputError
from lingyin.core.study import Analysis
from lingyin.io import open_clip
from lingyin.report import write_report
from lingyin.serve.node.letters import Letters
from lingyin.serve.node.receive import sweep, sync
from lingyin.serve.node.settings import NodeSettings
from lingyin.serve.node.state import Result, State
from lingyin.serve.worker import DEFECT, Analyses

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.5
DISK_WAIT_S = 30.0
ABANDONED_S = 3600.0  # a half received image that nobody wrote to for this long is not being received any more


class _StoppedError(Exception):
    """The node stops while an image is analysed."""


class Analyst:
    """A thread that works until it is stopped; a bad image never ends it."""

    def __init__(
        self, settings: NodeSettings, state: State, letters: Letters, engine: Analyses, ready: Callable[[], None]
    ) -> None:
        self._settings, self._state, self._letters = settings, state, letters
        self._engine, self._ready = engine, ready
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lingyin-node-analyst", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Lets the present stage end, then stops; the image at hand waits for the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            claimed = None
            try:
                claimed = self._state.claim(time.time() - self._settings.quiet_s, self._settings.instances)
                if claimed is None:
                    sweep(self._settings.temporary, time.time() - ABANDONED_S)
                    self._stopping.wait(LOOK_EVERY_S)
                else:
                    self.work(*claimed)
            except Exception as error:  # the database or the folder of dead letters cannot be written
                log.error("the analysis met %s at\n%s", type(error).__name__, _place(error))
                self._stopping.wait(1.0)
                if claimed is not None:
                    with suppress(sqlite3.Error):
                        self._state.release(claimed[0])

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
            log.error("image %s met a defect: %s at\n%s", file, type(error).__name__, _place(error))
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
        write_report(analysis, clip, folder, self._settings.lang)
        return analysis

    def _results(self, file: str) -> list[Result]:
        """The objects to send, all of them on the disk."""
        folder = self._folder(file)
        results = []
        for path in sorted((folder / "dicom").glob("*.dcm")):
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


def _place(error: BaseException) -> str:
    """Where an exception came from, without its message, which may quote patient data."""
    return "".join(traceback.format_tb(error.__traceback__))
