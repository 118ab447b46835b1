"""A mailbox with one place: the newest frame waits there; one that nobody fetched in time is dropped, not queued."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Between those who bring frames and the one who reads them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._content: T | None = None
        self._closed = False
        self.taken = 0
        self.dropped = 0

    def put(self, item: T) -> None:
        """Lays an item in; one that still lies there is dropped."""
        with self._ready:
            self.dropped += self._content is not None
            self._content = item
            self._ready.notify()

    def take(self, timeout_s: float | None = None) -> T | None:
        """The newest item, waiting for it; None after the timeout or once closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._content is not None or self._closed, timeout_s)
            item, self._content = self._content, None
            self.taken += item is not None
            return item

    def close(self) -> None:
        """Wakes whoever waits, for good."""
        with self._ready:
            self._closed = True
            self._content = None
            self._ready.notify_all()
