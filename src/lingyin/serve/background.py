"""A thread that takes one step after the other until it is stopped, and that no error ends."""

from __future__ import annotations

import logging
import threading
import traceback
from abc import ABC, abstractmethod

log = logging.getLogger(__name__)
AFTER_ERROR_S = 1.0


class Background(ABC):
    """Work beside the answering of calls. `name` is that of the thread, and what the log calls it."""

    name = "lingyin"
    patience_s = 30.0  # for the step at hand when it is stopped

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Tells it that something is due."""
        self._wake.set()

    def stop(self) -> None:
        """Lets the step at hand end, then stops."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(self.patience_s)

    @abstractmethod
    def _step(self) -> float:
        """Does what is due; returns how many seconds to rest unless woken, 0 where more may be due."""

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                rest_s = self._step()
            except Exception as error:
                log.error("%s met %s at\n%s", self.name, type(error).__name__, where_raised(error))
                self._stopping.wait(AFTER_ERROR_S)
            else:
                if rest_s:
                    self._wake.wait(rest_s)


def where_raised(error: BaseException) -> str:
    """Where an exception came from, without its message, which may quote a name or patient data."""
    return "".join(traceback.format_tb(error.__traceback__))
