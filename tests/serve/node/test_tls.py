"""With a certificate the node speaks only TLS; with an authority, only to those whose certificate it signed."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from lingyin.core.errors import UsageError
from lingyin.serve.node import Tls, settings
from tests.journey.department import find_storescu
from tests.serve.node.conftest import Archive, MakeNode, call, image, store, write_image
from tests.waiting import until


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for 127.0.0.1 that is its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the command openssl is absent: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lingyin"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *words], check=True, capture_output=True)
    return Tls(certificate, key, certificate)


def trusting(own: Tls) -> ssl.SSLContext:
    """A caller that trusts the node but shows nothing of its own."""
    return ssl.create_default_context(cafile=str(own.authority))


def test_only_encrypted_callers_come_in(make_node: MakeNode, own: Tls) -> None:
    node = make_node(quiet_s=3600.0, tls=Tls(own.certificate, own.key))
    association = call(node, tls_args=(trusting(own), "127.0.0.1"))
    assert association.send_c_store(image()).Status == 0x0000
    association.release()
    assert not call(node).is_established


def test_dcmtk_sends_encrypted_and_not_otherwise(make_node: MakeNode, own: Tls, tmp_path: Path) -> None:
    storescu = find_storescu()
    if storescu is None:
        pytest.skip("DCMTK's storescu is absent: apt install dcmtk")
    node, path = make_node(quiet_s=3600.0, tls=own), tmp_path / "image.dcm"
    write_image(path)
    words = [storescu, "-aec", "LINGYIN", "-to", "20", "127.0.0.1", str(node.port), str(path)]
    encrypted = ["+tls", str(own.key), str(own.certificate), "+cf", str(own.authority)]
    sent = subprocess.run([*words[:1], *encrypted, *words[1:]], capture_output=True, text=True, check=False)
    assert sent.returncode == 0, sent.stderr
    assert node.state.counts()["images"] == {"waiting": 1}
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0


def test_callers_must_show_a_signed_certificate(make_node: MakeNode, own: Tls) -> None:
    node = make_node(quiet_s=3600.0, tls=own)
    association = call(node, tls_args=(own.client(), "127.0.0.1"))
    assert association.is_established
    association.release()
    assert not call(node, tls_args=(trusting(own), "127.0.0.1")).is_established


def test_results_are_sent_encrypted(make_node: MakeNode, archive: Archive, own: Tls) -> None:
    archive.stop()
    archive.tls = own.server()
    archive.start()
    plain = make_node(attempts=1)
    store(plain, image())
    until(lambda: set(plain.state.counts()["results"]) == {"dead"})
    plain.stop()
    node = make_node(tls=own, send_tls=True)
    node.letters.retry(0.0)
    until(lambda: set(node.state.counts()["results"]) == {"sent"})
    assert archive.got


def test_a_silent_caller_holds_nobody_up_for_long(
    make_node: MakeNode, own: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "HANDSHAKE_S", 0.2)
    node = make_node(quiet_s=3600.0, tls=own)
    with socket.create_connection(("127.0.0.1", node.port)):
        association = call(node, tls_args=(own.client(), "127.0.0.1"))
        assert association.is_established
        association.release()


def test_a_key_of_another_certificate_is_named(tmp_path: Path, own: Tls) -> None:
    broken = Path(shutil.copy(own.certificate, tmp_path / "broken.pem"))
    with pytest.raises(UsageError, match="broken"):
        Tls(broken).server()
