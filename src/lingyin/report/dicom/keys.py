"""Key Object Selection: the frames and pictures worth opening first (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from collections.abc import Sequence

import highdicom as hd
from pydicom import Dataset
from pydicom.sr.codedict import codes

from lingyin.report.dicom.common import MANUFACTURER, NOTICE, SERIES_NUMBERS, Context, Referenced, finish


def key_objects(
    context: Context, referenced: Referenced, frames: Sequence[int], pictures: Sequence[Dataset]
) -> Dataset:
    """The document that points at the key `frames` (0-based) of the source and at the pictures made of them."""
    pointed = [referenced.dataset, *pictures]
    content = hd.ko.KeyObjectSelection(
        document_title=codes.DCM.OfInterest,
        referenced_objects=pointed,
        description=f"Key frames: {', '.join(str(frame + 1) for frame in frames)}. {NOTICE}",
    )
    if referenced.numbers is not None:
        numbers = [referenced.numbers[frame] for frame in frames]
        for item in content[0].ContentSequence:
            reference = item.ReferencedSOPSequence[0] if "ReferencedSOPSequence" in item else None
            if reference is not None and reference.ReferencedSOPInstanceUID == referenced.dataset.SOPInstanceUID:
                reference.ReferencedFrameNumber = numbers
    document = hd.ko.KeyObjectSelectionDocument(
        evidence=pointed,
        content=content,
        series_instance_uid=context.uid("keys"),
        series_number=SERIES_NUMBERS["keys"],
        sop_instance_uid=context.uid("keys 1"),
        instance_number=1,
        manufacturer=MANUFACTURER,
    )
    return finish(context, document, "keys")
