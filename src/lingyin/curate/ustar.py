"""Members of a tar file as bytes (POSIX.1-2001 ustar), without times or owners: equal content is equal bytes."""

from __future__ import annotations

from collections.abc import Iterator

from lingyin.core.errors import InputError

BLOCK = 512
END = bytes(2 * BLOCK)  # what a tar file ends with
_NAME = 100  # bytes; longer names would need a prefix field


def member(name: str, content: bytes) -> bytes:
    """Header and padded content of one file. Raises ValueError for a name of more than 100 bytes."""
    encoded = name.encode()
    if not 0 < len(encoded) <= _NAME:
        raise ValueError(f"a member's name has 1 to {_NAME} bytes, not {len(encoded)}")
    fields = (
        encoded.ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,  # mode, owner, group
        b"%011o\0" % len(content) + b"%011o\0" % 0,  # size, time
        b" " * 8,  # checksum, counted as spaces
        b"0" + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2,  # plain file, no link, no names, no device
    )
    header = b"".join(fields).ljust(BLOCK, b"\0")
    header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return header + content + bytes(-len(content) % BLOCK)


def size_of(content_bytes: int) -> int:
    """Bytes that a member with so much content takes."""
    return BLOCK + content_bytes + -content_bytes % BLOCK


def members(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the plain files in a piece of a tar file. Raises InputError naming `name` for damage."""
    place = 0
    while place + BLOCK <= len(content) and content[place]:
        header = content[place : place + BLOCK]
        try:
            size = int(header[124:136].rstrip(b"\0 "), 8)
            told = int(header[148:156].rstrip(b"\0 "), 8)
        except ValueError as error:
            raise damaged(name) from error
        start = place + BLOCK
        if told != sum(header[:148]) + 8 * 32 + sum(header[156:]) or start + size > len(content):
            raise damaged(name)
        yield header[:_NAME].rstrip(b"\0").decode(), content[start : start + size]
        place += size_of(size)


def damaged(name: str) -> InputError:
    """The error for a shard that is not what the catalogue says."""
    return InputError(
        name, "the shard is damaged", "remove it and run `lingyin curate` again, or copy the corpus again"
    )
