"""Memory that stays with the process: a training step frees and asks for the same large blocks over and over."""

from __future__ import annotations

import ctypes
import platform

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = -3, -1, -2  # names of mallopt(3)
_LARGEST = 2**31 - 1
_PAD = 256 * 2**20


def keep_memory() -> bool:
    """Lets the C library keep what is freed, for the rest of the process: handing large blocks back to the system and
    having them zeroed anew at every step costs a convolutional network a third of its speed. Whether it could."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _LARGEST), (_TOP_PAD, _PAD))
    return bool(sum(mallopt(name, value) for name, value in wanted) == len(wanted))
