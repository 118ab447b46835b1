"""Reading DICOM, video and pictures lazily; geometry; the scan sector; phantoms. Knows no network."""

from lingyin.io.discover import ScanRef, discover
from lingyin.io.open import open_clip

__all__ = ["ScanRef", "discover", "open_clip"]
