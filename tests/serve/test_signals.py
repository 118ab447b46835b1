"""A request to end sets the event, and afterwards the handlers are those of before."""

from __future__ import annotations

import os
import signal

import pytest

from lingyin.serve.signals import stop_event


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_event_is_set_and_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_event() as asked:
        assert not asked.is_set()
        os.kill(os.getpid(), number)
        assert asked.wait(10)
    assert signal.getsignal(number) is before
