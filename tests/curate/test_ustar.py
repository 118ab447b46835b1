"""Tar members: what the standard library reads, the same bytes for the same content, damage found."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingyin.core.errors import InputError
from lingyin.curate.ustar import BLOCK, END, member, members, size_of

FILES = {"a-01.jpg": b"picture", "a-01.json": b"{}", "empty.bin": b"", "full.bin": bytes(BLOCK)}


def packed() -> bytes:
    return b"".join(member(name, content) for name, content in FILES.items())


def test_the_standard_library_reads_it() -> None:
    with tarfile.open(fileobj=io.BytesIO(packed() + END)) as pack:
        read = {info.name: pack.extractfile(info).read() for info in pack}  # type: ignore[union-attr]
    assert read == FILES


@given(st.dictionaries(st.from_regex(r"[a-z]{1,20}\.[a-z]{3}", fullmatch=True), st.binary(max_size=2000), max_size=4))
def test_members_come_back(files: dict[str, bytes]) -> None:
    content = b"".join(member(name, data) for name, data in files.items())
    assert len(content) == sum(size_of(len(data)) for data in files.values())
    assert dict(members(content + END, "x.tar")) == files


@pytest.mark.parametrize("place", [0, 130, 150])
def test_damage_is_named(place: int) -> None:
    broken = bytearray(packed())
    broken[place] ^= 0xFF
    with pytest.raises(InputError, match=r"x\.tar: the shard is damaged"):
        list(members(bytes(broken), "x.tar"))


def test_a_cut_member_is_damage() -> None:
    with pytest.raises(InputError, match="damaged"):
        list(members(member("a.bin", bytes(2000))[:-BLOCK], "x.tar"))


@pytest.mark.parametrize("name", ["", "n" * 101])
def test_names_have_a_length(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 100 bytes"):
        member(name, b"")
