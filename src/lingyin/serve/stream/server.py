"""`StreamServer`: clients send frames over OpenIGTLink, one thread looks at the newest, and its sender gets the answer.

Frames of a camera or a file go the same way, and their answers to all clients.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Protocol

from lingyin.core.clip import Frame
from lingyin.serve.stream.answer import answers
from lingyin.serve.stream.mailbox import Mailbox
from lingyin.serve.stream.perceive import Look
from lingyin.serve.stream.wire import WireError, frame_of, read_message

log = logging.getLogger(__name__)
MOST_CLIENTS = 8
SEND_S = 1.0  # a client that takes no answers for this long is let go


class Looks(Protocol):
    """What the server needs of a `Perception`."""

    def look(self, frame: Frame, mm_per_px: tuple[float, float] | None, time_s: float) -> Look: ...


@dataclass(frozen=True)
class Shot:
    """A frame, its sender's time stamp, the moment it came (monotonic clock), and the sender; None for a camera."""

    frame: Frame
    mm_per_px: tuple[float, float] | None
    stamp_s: float
    arrived_s: float
    sender: socket.socket | None


class StreamServer:
    """Listens from `start` to `stop`."""

    def __init__(self, perception: Looks, host: str, port: int) -> None:
        """Takes the port (0: any). Raises OSError where it cannot be used."""
        self._perception = perception
        self.mailbox: Mailbox[Shot] = Mailbox()
        self.counts: Counter[str] = Counter()
        self._clients: dict[socket.socket, threading.Lock] = {}
        self._changing = threading.Lock()
        self._closing = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port = int(self._listener.getsockname()[1])
        self._threads = [
            threading.Thread(target=work, name=f"lingyin-stream-{work.__name__}", daemon=True)
            for work in (self._accept, self._perceive)
        ]

    def start(self) -> None:
        """Listens and looks from now on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Hangs up and ends all threads."""
        self._closing.set()
        self.mailbox.close()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
        except OSError:
            log.debug("the listener was not connected")
        self._listener.close()
        with self._changing:
            clients = list(self._clients)
        for client in clients:
            self._hang_up(client)
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(10)

    def offer(
        self,
        frame: Frame,
        mm_per_px: tuple[float, float] | None,
        stamp_s: float | None = None,
        sender: socket.socket | None = None,
    ) -> None:
        """Lays a frame `(H, W, 3)` in; an older one that still waits is dropped. Answers carry `stamp_s` (now)."""
        stamp = time.time() if stamp_s is None else stamp_s
        self.mailbox.put(Shot(frame, mm_per_px, stamp, time.monotonic(), sender))

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._changing:
                full = len(self._clients) >= MOST_CLIENTS
                if not full:
                    self._clients[client] = threading.Lock()
            if full:
                log.warning("a client was sent away: %d are here", MOST_CLIENTS)
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._receive, args=(client,), name="lingyin-stream-client", daemon=True)
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def _receive(self, client: socket.socket) -> None:
        """Takes what one client sends until it hangs up or sends nonsense."""
        try:
            while not self._closing.is_set():
                message: Any = read_message(client)
                if message is None:
                    break
                if message.message_type == "IMAGE":
                    frame, mm_per_px = frame_of(message)
                    self.offer(frame, mm_per_px, message.timestamp, client)
        except WireError as error:
            self.counts["refused"] += 1
            log.warning("a client was let go: it sent %s", error)
        except OSError:
            log.info("a client hung up")
        finally:
            self._hang_up(client)

    def _perceive(self) -> None:
        """Looks at the newest frame, again and again; a frame that cannot be looked at ends nothing."""
        sequence = 0
        while not self._closing.is_set():
            shot = self.mailbox.take(timeout_s=0.5)
            if shot is None:
                continue
            try:
                look = self._perception.look(shot.frame, shot.mm_per_px, shot.arrived_s)
                latency = (time.monotonic() - shot.arrived_s) * 1000
                told = answers(look, shot.stamp_s, sequence, self.mailbox.dropped, latency)
                packed = b"".join(each.pack() for each in told)
            except Exception as error:
                self.counts["failed"] += 1
                log.error("a frame met %s", type(error).__name__, exc_info=True)
                continue
            sequence += 1
            self.counts["looked"] += 1
            with self._changing:
                receivers = [shot.sender] if shot.sender is not None else list(self._clients)
            for client in receivers:
                self._send(client, packed)

    def _send(self, client: socket.socket, packed: bytes) -> None:
        with self._changing:
            lock = self._clients.get(client)
        if lock is None:
            return
        try:
            with lock:
                send_within(client, packed, SEND_S)
        except OSError:
            log.info("a client takes no answers")
            self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        with self._changing:
            known = self._clients.pop(client, None)
        if known is not None:
            try:
                client.shutdown(socket.SHUT_RDWR)  # wakes its receiving thread
            except OSError:
                log.debug("a client was gone already")
            client.close()


def send_within(client: socket.socket, content: bytes, limit_s: float) -> None:
    """Sends all of it. Raises TimeoutError where the other side does not take it in time, OSError where it is gone.

    The socket itself stays without a timeout: another thread waits on it for what the client sends.
    """
    end, view = time.monotonic() + limit_s, memoryview(content)
    while view:
        try:
            view = view[client.send(view, socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError("takes no answers") from None
            time.sleep(0.002)
