"""Messages as pyigtl makes them are read; whatever else comes is refused with a word and never believed."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from pyigtl import ImageMessage, StringMessage, TransformMessage

from lingyin.serve.stream import wire
from lingyin.serve.stream.mailbox import Mailbox

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


def test_a_picture_comes_through_with_its_spacing(pair: Pair) -> None:
    picture = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
    pair[0].sendall(wire.image_message(picture, (0.3, 0.4), "Probe", 12.5).pack())
    message = wire.read_message(pair[1])
    assert message is not None
    assert (message.device_name, message.timestamp) == ("Probe", pytest.approx(12.5))
    frame, spacing = wire.frame_of(message)
    assert (frame == picture[..., None]).all()
    assert spacing == pytest.approx((0.3, 0.4))


def test_colour_stays_and_a_spacing_of_one_counts_as_unknown() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (1, 20, 30, 4), dtype=np.uint8)
    frame, spacing = wire.frame_of(ImageMessage(picture))
    assert (frame == picture[0, ..., :3]).all()
    assert spacing is None


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((2, 20, 30), np.uint8),
        np.zeros((1, 20, 30), np.float32),
        np.zeros((1, 8, 8), np.uint8),
        np.zeros((1, 20, 30, 2), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(wire.WireError):
        wire.frame_of(ImageMessage(picture))


def test_other_kinds_are_read_unknown_ones_passed_over_and_the_end_is_told(pair: Pair) -> None:
    unknown = TransformMessage(np.eye(4))
    unknown._message_type = "VIDEO"
    pair[0].sendall(unknown.pack() + StringMessage("hello", device_name="Me").pack())
    message = wire.read_message(pair[1])
    assert message is not None
    assert (message.message_type, message.string) == ("STRING", "hello")  # type: ignore[attr-defined]
    pair[0].sendall(StringMessage("cut off").pack()[:-2])
    pair[0].shutdown(socket.SHUT_WR)
    assert wire.read_message(pair[1]) is None


def test_nonsense_is_refused(pair: Pair) -> None:
    pair[0].sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".ljust(58, b"\xff"))
    with pytest.raises(wire.WireError):
        wire.read_message(pair[1])


def test_a_huge_message_is_refused_before_it_is_read(pair: Pair) -> None:
    pair[0].sendall(struct.pack("> H 12s 20s II Q Q", 1, b"IMAGE", b"Probe", 0, 0, 1 << 40, 0))
    with pytest.raises(wire.WireError, match="bytes"):
        wire.read_message(pair[1])


def test_a_damaged_picture_is_refused(pair: Pair) -> None:
    whole = wire.image_message(np.zeros((20, 30), np.uint8), None, "Probe").pack()
    pair[0].sendall(struct.pack("> H 12s 20s II Q Q", 1, b"IMAGE", b"Probe", 0, 0, 100, 0) + whole[58:158])
    with pytest.raises(wire.WireError, match="damaged"):
        wire.read_message(pair[1])


def test_a_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.text_message("x" * 70000, "Me", 0.0)


def test_the_mailbox_keeps_only_the_newest() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.take(timeout_s=0.01) is None
    for number in range(5):
        box.put(number)
    assert (box.take(), box.taken, box.dropped) == (4, 1, 4)
    assert box.take(timeout_s=0.01) is None
    box.close()
    assert box.take() is None
