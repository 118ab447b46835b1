"""The hash stays with a copy and leaves another picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.errors import UnreadableError
from lingyin.curate.hashes import WORDS, Grey, distances, hash_image, look_of, look_of_file, mirrored, thumbnail


def picture(seed: int, height: int = 240, width: int = 320) -> Grey:
    """Smooth blobs under speckle, black around a disc, like no other seed."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.random((9, 12)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    grey = 200 * np.clip(coarse, 0, 1) * rng.uniform(0.8, 1.2, (height, width))
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height / 2, x - width / 2) < 0.48 * height
    return np.where(inside, grey, 0).clip(0, 255).astype(np.uint8)


def whole(grey: Grey) -> np.ndarray:
    return hash_image(grey)[:WORDS]


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_keeps_most_bits_and_another_picture_does_not(seed: int) -> None:
    grey = picture(seed)
    copies = {
        "recompressed": cv2.imdecode(cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 0),
        "resized": cv2.resize(grey, (173, 211), interpolation=cv2.INTER_AREA),
        "gamma": (255 * (grey / 255) ** 1.5).astype(np.uint8),
    }
    for name, copy in copies.items():
        assert distances(whole(grey), whole(copy)) < 20, name
    assert distances(whole(grey), whole(picture(seed + 100))) > 60


def test_the_hash_of_a_mirror_image_follows_from_that_of_the_picture() -> None:
    grey = picture(1)
    assert distances(mirrored(whole(grey)), whole(grey[:, ::-1])) <= 2
    assert distances(whole(grey), whole(grey[:, ::-1])) > 60
    both = mirrored(hash_image(grey))
    assert np.array_equal(both[:WORDS], mirrored(whole(grey)))


def test_the_inner_hash_meets_the_whole_of_a_crop() -> None:
    grey = picture(2)
    inside = grey[6:234, 8:312]  # 2.5 % of each side
    assert distances(hash_image(grey)[WORDS:], whole(inside)) == 0


def test_thumbnails_hold_ranks() -> None:
    grey = picture(3)
    assert thumbnail(grey).shape == (32, 32)
    darker = (grey // 2).astype(np.uint8)
    assert np.abs(thumbnail(grey).astype(int) - thumbnail(darker)).mean() < 6


@pytest.mark.parametrize("shape", [(4, 4, 3), (0, 5)])
def test_only_grey_pictures_have_a_hash(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="grey picture"):
        hash_image(np.zeros(shape, np.uint8))


def test_any_size_down_to_one_pixel_has_a_hash() -> None:
    assert hash_image(np.full((1, 1), 7, np.uint8)).tolist() == [0] * 2 * WORDS


@pytest.mark.parametrize("name", ["scan.png", "scan.webp", "scan.jpg"])
@pytest.mark.parametrize("scale", [1, 4])
def test_a_file_looks_like_its_picture_whatever_its_kind_and_size(tmp_path: Path, name: str, scale: int) -> None:
    grey = picture(6, 240 * scale, 320 * scale)
    cv2.imwrite(str(tmp_path / name), grey, [cv2.IMWRITE_JPEG_QUALITY, 90])
    look, there = look_of(grey), look_of_file(tmp_path / name)
    assert distances(look.words[:WORDS], there.words[:WORDS]) < 12
    assert np.abs(look.small.astype(int) - there.small).mean() < 6


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_file_that_is_no_picture_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"broken\.jpg"):
        look_of_file(path)
    with pytest.raises(UnreadableError, match=r"absent\.jpg"):
        look_of_file(tmp_path / "absent.jpg")
