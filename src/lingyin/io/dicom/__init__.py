"""DICOM ultrasound: one file in, one lazily decoded `Clip` out."""

from lingyin.io.dicom.read import open_dicom

__all__ = ["open_dicom"]
