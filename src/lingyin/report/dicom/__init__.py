"""DICOM results of one scan: TID 1500 report, segmentation, key pictures, key objects, encapsulated PDF."""

from lingyin.report.dicom.objects import Objects

__all__ = ["Objects"]
