"""Silent decoders: warnings come back afterwards, and every failure is one kind of error."""

from __future__ import annotations

import struct
import threading
import warnings

import pytest

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io.guard import decoding, quiet


def test_warnings_are_silent_inside_and_loud_afterwards():
    with quiet():
        warnings.warn("inside", UserWarning, stacklevel=1)  # an error in these tests if it came through
    with pytest.warns(UserWarning, match="after"):
        warnings.warn("after", UserWarning, stacklevel=1)


def test_the_filters_come_back_whatever_order_threads_leave_in():
    before = list(warnings.filters)
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with quiet():
            entered.set()
            leave.wait(5)

    other = threading.Thread(target=stay)
    with quiet():
        other.start()
        assert entered.wait(5)
    warnings.warn("the other thread is still inside", UserWarning, stacklevel=1)
    leave.set()
    other.join(5)
    assert list(warnings.filters) == before


@pytest.mark.parametrize("error", [struct.error("x"), KeyError("PatientName=Doe"), EOFError(), MemoryError()])
def test_what_decoders_raise_becomes_one_error_without_their_words(error):
    with (
        pytest.raises(UnreadableError, match=r"a\.dcm: cannot be decoded as DICOM") as caught,
        decoding("a.dcm", "DICOM"),
    ):
        raise error
    assert "Doe" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_our_own_errors_pass_unchanged():
    own = NoFramesError("a.dcm", "holds no picture", "export it again")
    with pytest.raises(NoFramesError) as caught, decoding("a.dcm", "DICOM"):
        raise own
    assert caught.value is own


def test_the_wish_to_stop_is_no_damage():
    with pytest.raises(KeyboardInterrupt), decoding("a.dcm", "DICOM"):
        raise KeyboardInterrupt
