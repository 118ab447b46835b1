"""Zip and tar behind one face."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.errors import UnreadableError
from lingyin.io.packs import reading

FILES = {"one.txt": b"1" * 10, "two/three.txt": b"23" * 400, "empty": b""}


@pytest.fixture(params=["zip", "tar", "tar.gz"])
def pack(request, tmp_path):
    path = tmp_path / f"a.{request.param}"
    if request.param == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.mkdir("folder")
            for name, content in FILES.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz" if request.param.endswith("gz") else "w") as archive:
            folder = tarfile.TarInfo("folder")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, content in FILES.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def test_regular_members_in_order_with_size_and_content(pack):
    found = {}
    with reading(pack) as opened:
        for member, open_it in opened.members():
            with open_it() as file:
                found[member.name] = file.read()
            assert member.size == len(found[member.name])
            assert not member.locked
    assert list(found.items()) == list(FILES.items())


def test_only_those_asked_for(pack):
    with reading(pack) as opened:
        assert [member.name for member, _ in opened.members({"two/three.txt", "none"})] == ["two/three.txt"]


@given(st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00"]), st.binary(max_size=200))
def test_damage_of_any_kind_is_one_error(tmp_path_factory, head, rest):
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(head + rest)
    with pytest.raises(UnreadableError, match="damaged: cannot be read as an archive"):
        read_all(path)


def read_all(path: Path) -> None:
    with reading(path) as opened:
        for _, open_it in opened.members():
            with open_it() as file:
                file.read()
