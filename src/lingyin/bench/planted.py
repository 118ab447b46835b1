"""Identifiers planted in the pixels and headers of phantoms: made-up names, numbers and dates, in eight fonts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import UID

from lingyin.core.clip import Frame, Mask
from lingyin.core.paths import packaged

_SURNAMES = ("Okonkwo", "Lindqvist", "Nakamura", "Fernandez", "Baptiste", "Kowalczyk", "Haddad", "Whitfield")
_GIVEN = ("Adaeze", "Ingeborg", "Haruto", "Mercedes", "Thelonious", "Wojciech", "Yasmin", "Eleanor")
_CHINESE = ("张伟", "王秀英", "李娜", "刘洋", "陈建国")
PLACES = ("top left", "top right", "left", "right", "bottom", "inside", "inside", "inside")
_SIZES = (11, 22)  # pixels of the font
_INK = (180, 256)  # grey level: scanners print nearly white
_LEFT = 0.1  # share of the ink that may still be seen before a text counts as left
_PATTERN = 0.15  # correlation of ink and picture from which on a pattern shows
_SEEN = 40  # grey levels by which ink must differ from what lay beneath to count


def fonts() -> dict[str, Path | int]:
    """Eight fonts by name: files that come with matplotlib and with this project, and OpenCV's strokes by number."""
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return {
        "DejaVu Sans": folder / "DejaVuSans.ttf",
        "DejaVu Sans Bold": folder / "DejaVuSans-Bold.ttf",
        "DejaVu Sans Mono": folder / "DejaVuSansMono.ttf",
        "DejaVu Serif": folder / "DejaVuSerif.ttf",
        "STIX": folder / "STIXGeneral.ttf",
        "Noto Sans CJK": packaged("lingyin.report", "pdf", "fonts", "NotoSansCJKsc-subset.otf"),
        "Hershey": cv2.FONT_HERSHEY_SIMPLEX,
        "Hershey plain": cv2.FONT_HERSHEY_PLAIN,
    }


@dataclass(frozen=True)
class Print:
    """One text burned in: its ink (H, W), which font and where."""

    text: str
    font: str
    place: str
    ink: Mask

    def is_left(self, before: Frame, printed: Frame, after: Frame) -> bool:
        """Whether the text can still be seen: ink that stood out has kept its grey level, and its pattern shows.

        Both are asked, because a fill from bright tissue may come out as bright as the ink, but without its pattern.
        """
        stood_out = np.abs(printed.astype(int) - before).max(axis=2) > _SEEN
        ink = self.ink & stood_out
        if not ink.any():
            return False
        same = np.abs(after.astype(int) - printed).max(axis=2) <= 20
        return float(same[ink].mean()) > _LEFT and self._pattern(after) > _PATTERN

    def _pattern(self, after: Frame) -> float:
        """Correlation of the ink with what is there now, in the box of the text."""
        rows, columns = np.flatnonzero(self.ink.any(axis=1)), np.flatnonzero(self.ink.any(axis=0))
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        now, ink = after[part].max(axis=2).astype(float).ravel(), self.ink[part].astype(float).ravel()
        return float(np.corrcoef(now, ink)[0, 1]) if now.std() > 0 and ink.std() > 0 else 0.0


@dataclass(frozen=True)
class Person:
    """A made-up patient."""

    surname: str
    given: str
    number: str
    birth: str  # YYYYMMDD
    chinese: str

    @property
    def lines(self) -> tuple[str, ...]:
        """What screens print."""
        day = f"{self.birth[6:]}.{self.birth[4:6]}.{self.birth[:4]}"
        return (
            f"{self.surname.upper()}^{self.given.upper()}",
            f"ID {self.number}",
            f"DOB {day}",
            f"{self.given} {self.surname}",
        )


def draw_person(rng: np.random.Generator) -> Person:
    birth = f"{rng.integers(1935, 2010)}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}"
    number = f"MRN{rng.integers(10**6, 10**7)}"
    return Person(str(rng.choice(_SURNAMES)), str(rng.choice(_GIVEN)), number, birth, str(rng.choice(_CHINESE)))


def burn(frame: Frame, sector: Mask, person: Person, rng: np.random.Generator) -> tuple[Frame, list[Print]]:
    """The frame with a text at each of the places, in fonts, sizes and inks drawn anew."""
    printed, prints = frame, []
    taken = np.zeros(sector.shape, bool)
    for place in PLACES:
        font = str(rng.choice(list(fonts())))
        text = person.chinese if font.startswith("Noto") and rng.random() < 0.5 else str(rng.choice(person.lines))
        glyphs = _glyphs(text, font, int(rng.integers(*_SIZES)))
        ink: NDArray[np.uint8] = np.zeros(sector.shape, np.uint8)
        top, left = _corner(place, glyphs.shape, sector, taken, rng)
        rows, columns = min(glyphs.shape[0], ink.shape[0] - top), min(glyphs.shape[1], ink.shape[1] - left)
        ink[top : top + rows, left : left + columns] = glyphs[:rows, :columns]
        colour = np.full(3, rng.integers(*_INK), np.float32)
        if rng.random() < 0.2:
            colour[2] *= 0.3  # yellow
        share = ink[..., None].astype(np.float32) / 255
        printed = np.rint(printed * (1 - share) + colour * share).astype(np.uint8)
        prints.append(Print(text, font, place, ink > 96))
        taken[top : top + rows, left : left + columns] = True
    return printed, prints


def _glyphs(text: str, font: str, size: int) -> NDArray[np.uint8]:
    """A tight grey picture of the text."""
    path = fonts()[font]
    if isinstance(path, int):
        scale = cv2.getFontScaleFromHeight(path, max(1, round(0.7 * size)), 1)
        (width, height), below = cv2.getTextSize(text, path, scale, 1)
        canvas = np.zeros((height + below + 2, width + 2), np.uint8)
        cv2.putText(canvas, text, (1, height + 1), path, scale, (255,), 1, cv2.LINE_AA)
        return canvas
    face = ImageFont.truetype(str(path), size)
    left, top, right, bottom = (round(value) for value in face.getbbox(text))
    picture = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=face)
    return np.asarray(picture, np.uint8)


def _corner(place: str, size: tuple[int, ...], sector: Mask, taken: Mask, rng: np.random.Generator) -> tuple[int, int]:
    """Top and left of a text of this size, away from others where there is room."""
    height, width = sector.shape
    most_top, most_left = max(1, height - size[0]), max(1, width - size[1])
    near = int(rng.integers(2, 30))
    if place == "inside":
        rows, columns = np.nonzero(sector[:most_top, :most_left])
        for k in rng.permutation(len(rows))[:400]:
            part = slice(rows[k], rows[k] + size[0]), slice(columns[k], columns[k] + size[1])
            if sector[part].all() and not taken[part].any():
                return int(rows[k]), int(columns[k])
    if place == "bottom":
        return max(0, most_top - near), int(rng.integers(0, most_left))
    if place in ("left", "right"):
        return int(rng.uniform(0.3, 0.75) * most_top), near if place == "left" else max(0, most_left - near)
    return near, near if place == "top left" else max(0, most_left - near)


def sign(dataset: Dataset, person: Person) -> list[str]:
    """Writes the person all over a header; returns the words that may nowhere be found again."""
    name = f"{person.surname}^{person.given}"
    dataset.PatientName = dataset.OtherPatientNames = dataset.PatientBirthName = name
    dataset.PatientID = dataset.OtherPatientIDs = person.number
    dataset.PatientBirthDate = person.birth
    dataset.AccessionNumber = f"A{person.number[3:]}"
    dataset.ReferringPhysicianName = dataset.OperatorsName = f"Dr^{person.surname}"
    dataset.InstitutionName, dataset.InstitutionAddress = f"{person.surname} Clinic", f"{person.given} Street 7"
    dataset.StationName = f"{person.surname}-US1"
    dataset.StudyDescription = dataset.SeriesDescription = f"Abdomen {person.surname}"
    dataset.ImageComments = f"{person.given}, born {person.birth}, {person.number}"
    dataset.AdditionalPatientHistory = f"Mrs {person.surname} is well"
    dataset.StudyDate = dataset.ContentDate = "20310214"
    dataset.AcquisitionDateTime = "20310214091500"
    dataset.TransducerData = f"C5-1 {person.surname}"  # not in the profile's table
    dataset.ManufacturerModelName = f"Model of {person.given}"  # nor this
    dataset.DeviceSerialNumber = f"SN{person.number[3:]}"
    uid = f"1.2.826.0.1.{person.birth}.{person.number[3:]}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{uid}.1")
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{uid}.2", f"{uid}.3"
    item = Dataset()
    item.RequestedProcedureDescription = f"for {person.given}"
    item.ScheduledProcedureStepID = person.number
    dataset.RequestAttributesSequence = Items([item])
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = dataset.SOPClassUID, f"{uid}.4"
    source.PurposeOfReferenceCodeSequence = Items([Dataset()])
    source.PurposeOfReferenceCodeSequence[0].CodeMeaning = f"scan of {person.surname}"
    dataset.SourceImageSequence = Items([source])
    for group in (0x0009, 0x200D, 0x7FE1):
        dataset.private_block(group, "VENDOR", create=True).add_new(
            0x01, "LT", f"{name} {person.birth} {person.number}"
        )
    dataset.add_new(Tag(0x5000, 0x0022), "LO", f"curve of {person.surname}")
    dataset.add_new(Tag(0x6000, 0x4000), "LT", f"overlay of {person.surname}")
    return [person.surname, person.given, person.number, person.number[3:], person.birth, "20310214", uid]
