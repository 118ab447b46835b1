"""What a node is told at its start: its name, its peers, its limits, and where its data lie."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lingyin.core.errors import UsageError

PEER = re.compile(r"(?P<aet>[^@]+)@(?P<host>\[[0-9A-Fa-f:.%]+\]|[^@:\[\]]+):(?P<port>\d{1,5})")
AE_TITLE = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")  # PS3.5 6.2: VR AE, no backslash

HANDSHAKE_S = 5.0
KINDS = ("sr", "seg", "capture", "keys", "pdf")  # of results, as their files are called


@dataclass(frozen=True)
class Peer:
    """Another application entity and where it listens."""

    aet: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Peer:
        """Reads `AET@HOST:PORT`.

        Raises:
            UsageError: not of this form, or a port or title that cannot be.
        """
        found = PEER.fullmatch(text.strip())
        if found is None or not 1 <= int(found["port"]) <= 65535:
            raise UsageError(f"{text!r} is no peer; write it as AET@HOST:PORT, e.g. ARCHIVE@10.0.0.5:104")
        return cls(check_title(found["aet"]), found["host"].strip("[]"), int(found["port"]))

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}:{self.port}"


def check_title(title: str) -> str:
    """An application entity title as the standard allows it.

    Raises:
        UsageError: empty, longer than 16 characters, or with a backslash or control character.
    """
    if AE_TITLE.fullmatch(title.strip()) is None:
        raise UsageError(f"{title!r} is no AE title; use 1 to 16 plain characters without a backslash")
    return title.strip()


def check_kinds(text: str) -> tuple[str, ...]:
    """Kinds of results from a list with commas.

    Raises:
        UsageError: none, or one that does not exist.
    """
    kinds = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if not kinds or not set(kinds) <= set(KINDS):
        raise UsageError(f"{text!r} names no kinds of results; choose among {','.join(KINDS)}")
    return kinds


class _Greeting(ssl.SSLContext):
    """Shakes hands within a limit: pynetdicom does so in its one accepting thread, which a silent caller would hold."""

    def wrap_socket(self, sock: socket.socket, *words: Any, **options: Any) -> ssl.SSLSocket:
        """The encrypted socket. Raises OSError, with the socket closed, where the caller does not play along."""
        sock.settimeout(HANDSHAKE_S)
        _check_connected(sock)
        wrapped = super().wrap_socket(sock, *words, **options)
        _check_connected(wrapped)
        wrapped.settimeout(None)
        return wrapped


def _check_connected(sock: socket.socket) -> None:
    """Closes the socket of a caller that hung up: wrapping it would succeed, or leave it open until collected."""
    try:
        sock.getpeername()
    except OSError:
        sock.close()
        raise


@dataclass(frozen=True)
class Tls:
    """Files in PEM form: own certificate and key; with `authority`, peers must show a certificate that it signed."""

    certificate: Path
    key: Path | None = None
    authority: Path | None = None

    def server(self) -> ssl.SSLContext:
        """What incoming associations are accepted with. Raises UsageError where a file cannot be used."""
        context = self._loaded(_Greeting(ssl.PROTOCOL_TLS_SERVER))
        if self.authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> ssl.SSLContext:
        """What outgoing associations are opened with. Raises UsageError where a file cannot be used."""
        return self._loaded(ssl.create_default_context())

    def _loaded(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # PS3.15 B.9
        try:
            context.load_cert_chain(self.certificate, self.key)
            if self.authority is not None:
                context.load_verify_locations(self.authority)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"{self.certificate}: the certificate, its key or the authority cannot be used "
                f"({error.strerror or type(error).__name__}); give PEM files that belong together"
            ) from error
        return context


@dataclass(frozen=True)
class NodeSettings:
    """Everything of one node. Times in seconds."""

    data: Path
    aet: str
    port: int
    send_to: Peer
    host: str = "127.0.0.1"
    allow: tuple[str, ...] = ()  # titles that may call; anyone where empty
    known: tuple[Peer, ...] = ()  # where those who ask for storage commitment listen, besides `send_to`
    quiet_s: float = 30.0  # a study is complete once nothing came for this long
    instances: int | None = None  # or once it holds this many images
    max_associations: int = 10
    attempts: int = 16
    backoff_s: float = 2.0  # before the second attempt; doubles each time
    backoff_most_s: float = 3600.0
    lang: str = "all"
    kinds: tuple[str, ...] = KINDS  # of results that the peer gets
    tls: Tls | None = None
    send_tls: bool = False

    @property
    def database(self) -> Path:
        return self.data / "node.sqlite"

    @property
    def images(self) -> Path:
        """Received images, named by the hash of their identifier."""
        return self.data / "images"

    @property
    def results(self) -> Path:
        """Report folders, one for each image, under the image's name."""
        return self.data / "results"

    @property
    def dead_letters(self) -> Path:
        """What could not be read or delivered, each with the reason beside it."""
        return self.data / "dead-letter"

    @property
    def temporary(self) -> Path:
        """What is half received; emptied at every start."""
        return self.data / "temporary"

    def make_folders(self) -> None:
        """Makes the folders, open to nobody else (mode 700). Raises OSError."""
        for folder in (self.data, self.images, self.results, self.dead_letters, self.temporary):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)

    def wait_s(self, attempts: int) -> float:
        """How long to wait after this many failed attempts."""
        return min(self.backoff_s * 2.0 ** min(attempts - 1, 40), self.backoff_most_s)

    def tls_args(self, peer: Peer) -> tuple[ssl.SSLContext, str] | None:
        """What an association to a peer is encrypted with, as pynetdicom takes it. Raises UsageError as `Tls` does."""
        return (self.tls.client(), peer.host) if self.send_tls and self.tls is not None else None

    def peer(self, aet: str) -> Peer | None:
        """Where an application entity listens, if that was told."""
        return next((each for each in (self.send_to, *self.known) if each.aet == aet), None)
