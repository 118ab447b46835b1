"""Colours of JPEG streams: the stream decides where the header and the stream disagree."""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEGBaseline8Bit

from lingyin.io import open_clip
from lingyin.io.dicom.jpeg import decode_colour, holds_ybr, read_marks
from tests.io.dicom.makers import dataset, psnr, scene, write_coded

ADOBE_YCC = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x01"


def coded(frame: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=95, **{"subsampling": "4:4:4", **options})
    return buffer.getvalue()


def without(data: bytes, marker: bytes) -> bytes:
    at = data.index(marker)
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


@pytest.fixture(scope="module")
def frame():
    return scene(1, height=64, width=64)[0]


@pytest.fixture(scope="module")
def streams(frame):
    plain = coded(frame)
    bare = without(plain, b"\xff\xe0")
    red = coded(frame, keep_rgb=True)
    return {
        "jfif": plain,
        "adobe-ycc": bare[:2] + ADOBE_YCC + bare[2:],
        "both": plain[:2] + ADOBE_YCC + plain[2:],
        "adobe-rgb": red,
        "names-rgb": without(red, b"\xff\xee"),
        "subsampled": without(coded(frame, subsampling="4:2:2"), b"\xff\xe0"),
    }


@pytest.mark.parametrize(
    ("photometric", "stream"),
    [
        *product(
            ["RGB", "YBR_FULL", "YBR_FULL_422"], ["jfif", "adobe-ycc", "both", "adobe-rgb", "names-rgb", "subsampled"]
        )
    ],
)
def test_a_stream_that_tells_its_colours_is_believed(tmp_path, frame, streams, photometric, stream):
    path = write_coded(dataset(frame[None], photometric), [streams[stream]], tmp_path / "a.dcm", JPEGBaseline8Bit)
    assert psnr(open_clip(path).frames[0], frame) > (24 if stream == "subsampled" else 34)


def test_a_stream_that_tells_nothing_follows_the_header(frame, streams):
    bare = without(streams["jfif"], b"\xff\xe0")
    assert psnr(decode_colour(bare, "YBR_FULL", 64, 64), frame) > 34
    kept = decode_colour(bare, "RGB", 64, 64)
    with Image.open(io.BytesIO(bare)) as image:
        image.draft("YCbCr", image.size)
        assert np.array_equal(kept, np.asarray(image))


def test_marks(streams):
    assert read_marks(streams["jfif"]).jfif
    assert read_marks(streams["adobe-ycc"]).adobe == 1
    assert read_marks(streams["adobe-rgb"]).adobe == 0
    assert bytes(read_marks(streams["names-rgb"]).components) == b"RGB"
    assert read_marks(streams["subsampled"]).subsampled
    assert not holds_ybr(read_marks(streams["names-rgb"]), "YBR_FULL")


def test_damage_and_other_sizes(frame, streams):
    with pytest.raises(ValueError, match="another size"):
        decode_colour(streams["jfif"], "RGB", 32, 64)
    for data in (b"\xff\xd8", b"\xff\xd8\xff\xda\x00\x02", b"\xff\xd8junk", streams["jfif"][:20]):
        with pytest.raises(ValueError, match="JPEG"):
            read_marks(data)
    with pytest.raises(OSError, match="truncated"):
        decode_colour(streams["jfif"][:-900], "RGB", 64, 64)
