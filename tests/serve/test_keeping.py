"""Deletion after a set time leaves a line and nothing else; a backup comes back whole, a spoilt one not at all."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lingyin.core.errors import InputError, OutputError, UsageError
from lingyin.serve.keeping import backup, expire, restore
from lingyin.serve.settings import Settings
from tests.serve.conftest import Served


def done(served: Served, picture: bytes) -> str:
    key = served.upload(("Zhang-San.png", picture)).json()["studies"][0]["id"]
    assert served.ended(key)["state"] == "done"
    return str(key)


def test_studies_expire_with_a_line_in_the_log(serve: Any, picture: bytes) -> None:
    with serve(keep_days=30) as served:
        key, parts = done(served, picture), served.app.state.parts
        assert expire(parts, datetime.now(UTC) + timedelta(days=29)) == 0
        assert expire(parts, datetime.now(UTC) + timedelta(days=31)) == 1
        assert served.client.get(f"/studies/{key}").status_code == 404
        assert not (served.settings.reports / key).exists()
        line = served.client.get("/audit").json()["lines"][0]
        assert (line["who"], line["action"], line["study"]) == ("server", "expire", key)
        everything = b"".join(each.read_bytes() for each in served.settings.data.rglob("*") if each.is_file())
        assert b"Zhang-San" not in everything


def test_without_a_limit_nothing_expires(served: Served, picture: bytes) -> None:
    done(served, picture)
    assert expire(served.app.state.parts, datetime.now(UTC) + timedelta(days=9999)) == 0


def test_backup_of_a_running_server_comes_back_whole(served: Served, picture: bytes, tmp_path: Path) -> None:
    key = done(served, picture)
    file = tmp_path / "ward.tar"
    assert backup(served.settings, file) > 5
    assert file.stat().st_mode & 0o077 == 0
    new = Settings(tmp_path / "new")
    restore(new, file)
    assert (new.reports / key / "report.json").read_bytes() == (
        served.settings.reports / key / "report.json"
    ).read_bytes()
    assert new.token.read_bytes() == served.settings.token.read_bytes()
    assert new.data.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="not empty"):
        restore(new, file)
    spoilt = tmp_path / "spoilt.tar"
    content = file.read_bytes()
    spoilt.write_bytes(content.replace(b'"schema_version"', b'"schema_wersion"', 1))
    with pytest.raises(InputError, match="damaged"):
        restore(Settings(tmp_path / "other"), spoilt)
    assert not (tmp_path / "other").exists()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.tar"
    with tarfile.open(outside, "w") as pack:
        pack.add(__file__, "../escaped.py")
    (tmp_path / "text.tar").write_text("hello")
    for name in ("outside.tar", "text.tar", "none.tar"):
        with pytest.raises((InputError, OutputError)):
            restore(Settings(tmp_path / "in" / "new"), tmp_path / name)
    assert not (tmp_path / "in" / "escaped.py").exists()
    assert not (tmp_path / "in" / "new").exists()
    with pytest.raises(InputError, match="no data"):
        backup(Settings(tmp_path / "none"), tmp_path / "x.tar")
