"""For a video or a picture: the frames that results point at, as images of their own to refer to, naming nobody."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom import Dataset
from pydicom.uid import MultiFrameTrueColorSecondaryCaptureImageStorage, SecondaryCaptureImageStorage

from lingyin.core.clip import Clip
from lingyin.report.dicom.capture import jpeg_pixels
from lingyin.report.dicom.common import NOTICE, Context, Referenced, new_instance

QUALITY = 95
FRAME_LABEL_VECTOR = 0x00182002


def evidence(context: Context, clip: Clip, frames: Mapping[int, bytes]) -> Referenced:
    """The frames as one Secondary Capture instance, multi-frame where the clip has several frames.

    Args:
        context: the study; its header gives the new study that all results go to.
        clip: the clip, for its size and times.
        frames: JPEG of each frame (0-based) that anything refers to, at its stored size.
    """
    single = len(clip) == 1
    sop_class = SecondaryCaptureImageStorage if single else MultiFrameTrueColorSecondaryCaptureImageStorage
    dataset = new_instance(context, sop_class, "evidence", "OT")
    dataset.ConversionType = "DI" if single else "DV"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.DerivationDescription = f"Frames read from a {clip.source.kind} file. {NOTICE}"
    order = sorted(frames)
    if not single:
        dataset.NumberOfFrames = len(order)
        dataset.BurnedInAnnotation = "YES"
        dataset.ImageComments = f"frame {order[0] + 1}"
    if len(order) > 1:
        dataset.FrameIncrementPointer = FRAME_LABEL_VECTOR
        dataset.FrameLabelVector = [f"frame {frame + 1}" for frame in order]
    jpeg_pixels(dataset, [frames[frame] for frame in order], (clip.height, clip.width))
    return Referenced(dataset, None if single else {frame: place for place, frame in enumerate(order, start=1)})


def new_study(seed_context: Context) -> Dataset:
    """The header of a study of its own, for a source that belongs to none."""
    header = Dataset()
    header.StudyInstanceUID = seed_context.uid("study")
    header.StudyDescription = f"Ultrasound analysis: {NOTICE}"
    return header
