"""Video files: one file in, one lazily decoded `Clip` with exact frame count and times out."""

from lingyin.io.video.read import open_video

__all__ = ["open_video"]
