"""What stands between decoders and the program: silent libraries, and one kind of error for unreadable bytes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lingyin.core.errors import LingyinError, UnreadableError

MAX_PIXELS = 1 << 26  # 67 million, four times the largest screen: anything above is damage or an attack

_lock = threading.Lock()
_depth = 0
_filters: warnings.catch_warnings[None] | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Silences Python warnings while any thread is inside.

    `warnings.catch_warnings` alone is not safe in threads: the first one in saves the filters, the last one out
    restores them.
    """
    global _depth, _filters  # noqa: PLW0603
    with _lock:
        if _depth == 0:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.simplefilter("ignore")
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _filters is not None:
                _filters.__exit__(None, None, None)
                _filters = None


@contextmanager
def decoding(name: str | Path, what: str) -> Iterator[None]:
    """Turns whatever a decoder raises on malformed bytes into an `UnreadableError` that names the file.

    Decoders raise dozens of unrelated types on damaged input (`struct.error`, `KeyError`, `EOFError`, ...), so all are
    caught here and only here. The decoder's own words stay on `__cause__`: they may quote patient data.
    """
    try:
        with quiet():
            yield
    except LingyinError:
        raise
    except Exception as error:
        raise UnreadableError(
            name, f"cannot be decoded as {what} ({type(error).__name__})", "export or copy the file again"
        ) from error
