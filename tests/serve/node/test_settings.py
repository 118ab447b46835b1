"""Peers and titles are read strictly; pauses double up to a limit; unusable certificates are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import UsageError
from lingyin.serve.node.settings import NodeSettings, Peer, Tls, check_kinds, check_title


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("PACS@10.0.0.5:104", Peer("PACS", "10.0.0.5", 104)),
        ("MY PACS@archive.ward:11112", Peer("MY PACS", "archive.ward", 11112)),
        ("A@[::1]:4242", Peer("A", "::1", 4242)),
    ],
)
def test_a_peer_is_read(text: str, peer: Peer) -> None:
    assert Peer.parse(text) == peer


@pytest.mark.parametrize("text", ["PACS", "PACS@host", "@host:104", "PACS@host:0", "PACS@host:70000", "A@B@c:1x", ""])
def test_what_is_no_peer_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="AET@HOST:PORT"):
        Peer.parse(text)


@pytest.mark.parametrize("title", ["", "  ", "SEVENTEEN_LETTERS", "A\\B", "A\nB", "é"])
def test_what_is_no_title_is_refused(title: str) -> None:
    with pytest.raises(UsageError, match="AE title"):
        check_title(title)


def test_kinds_of_results_are_read() -> None:
    assert check_kinds("sr, seg,sr") == ("sr", "seg")
    for text in ("", ",", "sr,video"):
        with pytest.raises(UsageError, match="sr,seg,capture,keys,pdf"):
            check_kinds(text)


def test_pauses_double_up_to_the_limit(tmp_path: Path) -> None:
    settings = NodeSettings(tmp_path, "A", 1, Peer("B", "c", 2), backoff_s=2, backoff_most_s=60)
    assert [settings.wait_s(n) for n in (1, 2, 3, 5, 6, 500)] == [2, 4, 8, 32, 60, 60]


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        Tls(tmp_path / "nowhere.pem").server()
