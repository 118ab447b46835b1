"""Readers of published layouts, one small file each, behind one contract: `find_reader("busi").open(folder)`."""

from __future__ import annotations

from importlib import import_module

from lingyin.core.errors import UsageError
from lingyin.curate.readers.contract import Item, Reader

READER_NAMES = (
    "aul",
    "breast_lesions_usg",
    "bus_bra",
    "busi",
    "camus",
    "covid_blues",
    "csv_table",
    "ctrus",
    "cubs",
    "ddti",
    "ddti_crops",
    "dicom_folder",
    "dl_track",
    "echonet_dynamic",
    "echonet_pediatric",
    "fatty_liver",
    "fetal_planes_db",
    "gbcu",
    "hc18",
    "image_folder",
    "kidney_us",
    "mmotu",
    "nerve_kaggle",
    "pocus_lung",
    "psfhs",
    "tn3k",
    "unity",
    "usgra",
)
_SHARED = {"ddti_crops": "ddti", "echonet_dynamic": "echonet", "echonet_pediatric": "echonet"}  # two layouts, one file


def find_reader(name: str) -> Reader:
    """A reader by name; only its own file is imported. Raises UsageError naming all readers."""
    if name not in READER_NAMES:
        raise UsageError(f"there is no reader {name!r}; readers: {', '.join(READER_NAMES)}")
    module = import_module(f"lingyin.curate.readers.{_SHARED.get(name, name)}")
    readers: tuple[Reader, ...] = getattr(module, "READERS", None) or (module.READER,)
    return next(reader for reader in readers if reader.name == name)


__all__ = ["READER_NAMES", "Item", "Reader", "find_reader"]
