"""Bodies of parts, whole in any cut of their bytes; Accept headers, with commas where they may stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lingyin.serve.dicomweb.multipart import MultipartError, PartFiles, body_of, boundary_of, media_ranges


def received(folder: Path, content: bytes, cut: int, most: int = 9) -> list[bytes]:
    folder.mkdir()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), cut):
            yield content[start : start + cut]

    # a thread of its own: the browser of other tests keeps a loop in this one
    with ThreadPoolExecutor(1) as pool:
        paths = pool.submit(asyncio.run, PartFiles(b"line", folder, most).read(pieces())).result()
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("cut", [1, 2, 7, 1000])
def test_what_goes_out_comes_in_again(tmp_path: Path, cut: int) -> None:
    contents = [b"", b"\r\n--lin\r\n--", bytes(range(256)) * 3, b"--line"]
    files = []
    for number, content in enumerate(contents):
        files.append(tmp_path / str(number))
        files[-1].write_bytes(content)
    body = b"".join(body_of([("1.2", path) for path in files], "line"))
    assert received(tmp_path / "in", body, cut) == contents


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    body = b"".join(body_of([("1.2", tmp_path / "a")] * 4, "line"))
    assert received(tmp_path / "in", body, 50, most=4) == [b"a"] * 4
    with pytest.raises(MultipartError, match="more than 3"):
        received(tmp_path / "again", body, 50, most=3)


def test_boundary_of_dicom_files_only() -> None:
    assert boundary_of('multipart/related; type="application/dicom"; boundary="a b"') == b"a b"
    assert boundary_of("multipart/related;boundary=x; TYPE=application/dicom") == b"x"
    assert boundary_of('multipart/related; type="application/dicom+json"; boundary=x') is None
    assert boundary_of("") is None


def test_media_ranges_are_cut_outside_of_quotes() -> None:
    found = list(media_ranges('multipart/related; type="application/dicom"; x="a,b", application/json;q=0.5,*/*'))
    assert [kind for kind, _ in found] == ["multipart/related", "application/json", "*/*"]
    assert found[0][1] == {"type": "application/dicom", "x": "a,b"}
    assert list(media_ranges("")) == [("*/*", {})]
