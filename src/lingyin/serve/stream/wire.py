"""OpenIGTLink messages over a socket. pyigtl packs and unpacks them; its own server serves one client and never
notices that it left, so connections are ours."""

from __future__ import annotations

import socket
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyigtl import ImageMessage, PointMessage, StringMessage
from pyigtl.messages import MessageBase

from lingyin.core.clip import Frame

HEADER = 58
MOST_BYTES = 64 << 20  # of one message: an 8K picture in colour has 100 MB, a scanner's has 1
LONGEST_TEXT = 65535


class WireError(Exception):
    """What came is no OpenIGTLink, or more than is taken."""


def read_message(connection: socket.socket) -> MessageBase | None:
    """The next message; None where the other side hung up. Kinds that are not known here are passed over.

    Raises:
        WireError: a message that cannot be read.
        OSError: the connection broke.
    """
    while True:
        header = _read(connection, HEADER)
        if header is None:
            return None
        try:
            fields = MessageBase.parse_header(bytes(header))
        except (struct.error, UnicodeDecodeError) as error:
            raise WireError("no OpenIGTLink header") from error
        if fields["body_size"] > MOST_BYTES:
            raise WireError(f"a message of {fields['body_size']} bytes")
        body = _read(connection, fields["body_size"])
        if body is None:
            return None
        message = MessageBase.create_message(fields["message_type"])
        if message is None:
            continue
        try:
            message.unpack(fields, bytes(body))
        except Exception as error:  # pyigtl raises whatever the bytes lead to
            raise WireError(f"a damaged {fields['message_type'][:12]} message") from error
        return message


def frame_of(message: Any) -> tuple[Frame, tuple[float, float] | None]:
    """The picture `(H, W, 3)` of an IMAGE message, and mm per pixel in x and y; None where the matrix says 1 by 1.

    A matrix of ones is what senders leave where they know no spacing; no scanner has pixels of exactly 1 mm.

    Raises:
        WireError: several slices, or pixels that are no 8-bit grey or colour.
    """
    picture = np.asarray(message.image)
    if picture.ndim not in (3, 4) or picture.shape[0] != 1 or picture.dtype != np.uint8:
        raise WireError("pictures must be one slice of 8-bit pixels")
    flat = picture[0]
    if flat.ndim == 2 or flat.shape[-1] == 1:
        flat = np.repeat(flat.reshape(*flat.shape[:2], 1), 3, axis=2)
    if flat.shape[-1] not in (3, 4) or min(flat.shape[:2]) < 16:
        raise WireError(f"a picture of shape {flat.shape}")
    lengths = [float(np.linalg.norm(message.ijk_to_world_matrix[:3, axis])) for axis in (0, 1)]
    known = all(np.isfinite(lengths)) and min(lengths) > 0 and not np.allclose(lengths, 1.0)
    return np.ascontiguousarray(flat[..., :3]), (lengths[0], lengths[1]) if known else None


def image_message(
    picture: NDArray[np.uint8], mm_per_px: tuple[float, float] | None, name: str, time_s: float | None = None
) -> ImageMessage:
    """A picture `(H, W)` or `(H, W, 3)` as one slice, its first pixel at the origin."""
    matrix = np.diag([*(mm_per_px or (1.0, 1.0)), 1.0, 1.0])
    return ImageMessage(picture[None], matrix, device_name=name, timestamp=time_s)


def placed_message(picture: NDArray[np.uint8], matrix: NDArray[np.float64], name: str, time_s: float) -> ImageMessage:
    """A label map `(h, w)` whose pixel (i, j) lies at `matrix (4, 4)` times (i, j, 0, 1)."""
    return ImageMessage(picture[None], matrix, device_name=name, timestamp=time_s)


def text_message(text: str, name: str, time_s: float) -> StringMessage:
    """Plain ASCII text (pyigtl cannot send other)."""
    if len(text) > LONGEST_TEXT:
        raise WireError(f"a text of {len(text)} characters")
    return StringMessage(text, device_name=name, timestamp=time_s)


def points_message(points: NDArray[np.float64], labels: list[str], name: str, time_s: float) -> PointMessage:
    """Points `(N, 3)` with a name each."""
    return PointMessage(positions=points, names=labels, device_name=name, timestamp=time_s)


def _read(connection: socket.socket, count: int) -> bytearray | None:
    """Exactly `count` bytes; None where the other side hung up before."""
    content = bytearray(count)
    view = memoryview(content)
    at = 0
    while at < count:
        got = connection.recv_into(view[at:])
        if got == 0:
            return None
        at += got
    return content
