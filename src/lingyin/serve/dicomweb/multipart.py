"""multipart/related (RFC 2387) as DICOMweb uses it: a body's parts to files on the way in, files to a body on the way
out, and what an Accept header allows."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

DICOM = "application/dicom"
PIECE = 1 << 16


class MultipartError(ValueError):
    """A body that is not what its header says."""


class PartFiles:
    """Writes each part of a body to a file of its own as the bytes come."""

    def __init__(self, boundary: bytes, folder: Path, most: int) -> None:
        """Raises MultipartError where there can be no such boundary."""
        self.paths: list[Path] = []
        self._folder, self._most = folder, most
        self._file: IO[bytes] | None = None
        self._ended = False
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self.close,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise MultipartError(str(error)) from error

    async def read(self, body: AsyncIterator[bytes]) -> list[Path]:
        """The files, once the body has ended.

        Raises:
            MultipartError: it is malformed, ends early, or has too many parts.
            OSError: a file cannot be written.
        """
        with closing(self):
            try:
                async for piece in body:
                    self._parser.write(piece)
                self._parser.finalize()
            except FormParserError as error:
                raise MultipartError(f"the body is malformed ({type(error).__name__})") from error
        if not self._ended:
            raise MultipartError("the body ends before its last part does")
        return self.paths

    def close(self) -> None:
        """Closes the part at hand."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        if len(self.paths) >= self._most:
            raise MultipartError(f"more than {self._most} parts in one request")
        self.paths.append(self._folder / f"{len(self.paths):05}")
        self._file = self.paths[-1].open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        assert self._file is not None
        self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        self._ended = True


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a body of DICOM files; None where the header announces something else."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/related" or options.get(b"type", b"").lower() != DICOM.encode():
        return None
    return options.get(b"boundary")


def media_ranges(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The media ranges of an Accept header with their parameters, in its order; `*/*` where it is empty."""
    inside, start = False, 0
    accept = accept.strip() or "*/*"
    for place, each in enumerate(f"{accept},"):
        if each == '"':
            inside = not inside
        elif each == "," and (not inside or place == len(accept)):
            kind, options = parse_options_header(accept[start:place].strip())
            named = {name.decode("latin-1"): value.decode("latin-1") for name, value in options.items()}
            yield kind.decode("latin-1"), named
            start = place + 1


def content_type(boundary: str) -> str:
    """What announces a body of DICOM files."""
    return f'multipart/related; type="{DICOM}"; boundary={boundary}'


def new_boundary() -> str:
    """A line that no file holds by chance: 128 random bits."""
    return secrets.token_hex(16)


def body_of(parts: Iterable[tuple[str, Path]], boundary: str) -> Iterator[bytes]:
    """The body made of files, each with its transfer syntax, piece by piece. Raises OSError."""
    for syntax, path in parts:
        head = f"--{boundary}\r\nContent-Type: {DICOM}; transfer-syntax={syntax}\r\n\r\n"
        yield head.encode()
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()
