"""The robot's end of the stream: a picture goes out over OpenIGTLink, and its reading comes back."""

from __future__ import annotations

import json
import socket
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.serve.stream.answer import READING
from lingyin.serve.stream.wire import WireError, image_message, read_message


class Link:
    """A connection to a stream server. Raises OSError where there is none."""

    def __init__(self, host: str, port: int, timeout_s: float = 60.0) -> None:
        self._socket = socket.create_connection((host, port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sent = 0
        self.looks = 0

    def look(self, picture: NDArray[np.uint8], mm_per_px: tuple[float, float]) -> dict[str, Any]:
        """The reading of one picture `(H, W)`.

        Raises:
            WireError: the server hung up.
            OSError: the connection broke or gave no answer in time.
        """
        self._sent += 1
        self._socket.sendall(image_message(picture, mm_per_px, "Robot", float(self._sent)).pack())
        while True:
            message: Any = read_message(self._socket)
            if message is None:
                raise WireError("nothing more: the server hung up")
            if message.device_name == READING:
                reading: dict[str, Any] = json.loads(message.string)
                if round(reading["stamp_s"]) == self._sent:
                    self.looks += 1
                    return reading

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()
