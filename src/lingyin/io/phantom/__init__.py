"""Phantoms: synthetic ultrasound cines whose measurements are known exactly, with masks and DICOM files."""

from lingyin.io.phantom.dicom import write_phantom
from lingyin.io.phantom.make import Phantom, make_phantom

__all__ = ["Phantom", "make_phantom", "write_phantom"]
