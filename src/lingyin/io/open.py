"""`open_clip`: any scan, told apart by its content, becomes a `Clip`."""

from __future__ import annotations

import stat
from pathlib import Path

from lingyin.core.clip import Clip
from lingyin.core.errors import InputError, UnreadableError
from lingyin.io.sidecar import calibrated, chosen_spacing, read_sidecar, sidecar_path
from lingyin.io.sniff import Content, Kind, sniff

READS = "give a DICOM file, a video (mp4, mov, avi, mpeg, gif, webm, mkv, wmv) or a picture (png, jpg, bmp, tif, webp)"


def open_clip(path: str | Path, member: str | None = None, mm_per_px: float | None = None) -> Clip:
    """Opens a scan lazily.

    Args:
        path: a DICOM file, video, picture, or an archive with `member`.
        member: name of the scan inside the archive at `path`.
        mm_per_px: size of a (square) pixel. Used before a sidecar, and only where the file itself gives no scale.

    Returns:
        The clip. Its scale comes from, in this order: the file's regions, PixelSpacing if there are no regions,
        `mm_per_px`, the sidecar `<name>.json`; otherwise it has none.

    Raises:
        UnreadableError, NotUltrasoundError, NoFramesError: the message names the file and the remedy.
        UsageError: `mm_per_px` is not the size of a pixel.
    """
    chosen = None if mm_per_px is None else chosen_spacing(mm_per_px)
    path = Path(path)
    if member is not None:
        from lingyin.io.archive import open_member

        clip, beside = open_member(path, member)
    else:
        clip = open_file(path)
        beside = None if chosen else read_sidecar(sidecar_path(path))
    spacing = chosen or beside
    return clip if spacing is None else calibrated(clip, spacing)


def open_file(path: Path, name: str | None = None, member: str | None = None) -> Clip:
    """Opens one plain file. `name` and `member` are what messages and the source call it (see `open_dicom`)."""
    named = name or str(path)
    shown = f"{named}!{member}" if member else named
    content = identify(path, shown)
    if content.kind is Kind.DICOM:
        from lingyin.io.dicom import open_dicom

        return open_dicom(path, named, member)
    if content.kind is Kind.VIDEO:
        from lingyin.io.video import open_video

        return open_video(path, content.format, named, member)
    if content.kind is Kind.PICTURE:
        from lingyin.io.picture import open_picture

        return open_picture(path, named, member)
    raise unusable(content, shown)


def identify(path: Path, shown: str) -> Content:
    """What the file is. Raises UnreadableError where it is missing, a folder or a pipe, or may not be read."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # reading a pipe would wait for ever
            raise UnreadableError(shown, "is no ordinary file", "save the scan to a file")
        return sniff(path)
    except FileNotFoundError as error:
        raise UnreadableError(shown, "does not exist", "check the name") from error
    except IsADirectoryError as error:
        raise UnreadableError(shown, "is a folder", "open the files in it, which `discover` lists") from error
    except OSError as error:
        raise UnreadableError(shown, f"cannot be opened ({error.strerror})", "check its permissions") from error


def unusable(content: Content, shown: str) -> InputError:
    """Why a file of this content is no scan."""
    if content.kind is Kind.EMPTY:
        return UnreadableError(shown, "is empty", "export or copy the file again")
    if content.kind is Kind.ARCHIVE:
        return UnreadableError(shown, "is an archive", "name one of its members, or unpack it")
    return UnreadableError(shown, "is no scan in any known format", READS)
