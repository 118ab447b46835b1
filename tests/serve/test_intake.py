"""Names from outside become harmless; files are stored under names of ours; a full disk leaves nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, cast

import pytest

from lingyin.serve.intake import MAX_NAME, display_name, receive


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("heart.dcm", "heart.dcm"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\心脏.dcm", "心脏.dcm"),
        ("a\x00b\r\n\x1b[31m.png", "ab[31m.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "scan"),
        ("..", ".."),
        ("dir/", "dir"),
        ("x" * 500, "x" * MAX_NAME),
    ],
)
def test_display_name(raw: str, shown: str) -> None:
    assert display_name(raw) == shown


def test_files_are_stored_under_our_names(tmp_path: Path, picture: bytes) -> None:
    files = [("../../evil.png", io.BytesIO(picture)), ("..", io.BytesIO(b"x"))]
    upload, scans, refused = receive(files, tmp_path, None)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()) == [
        f"{upload}/00000",
        f"{upload}/00001",
    ]
    assert [(scan.name, scan.file) for scan in scans] == [("evil.png", "00000")]
    assert [refusal.name for refusal in refused] == [".."]


def test_full_disk_leaves_nothing(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        receive([("a.png", cast(IO[bytes], Full()))], tmp_path, None)
    assert list(tmp_path.iterdir()) == []
