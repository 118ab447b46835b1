"""Small look-alikes of published layouts: the real names of folders, files and columns, with drawn pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.curate.makers import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    block,
    corners,
    grey,
    metaimage,
    movie,
    nifti,
    picture,
    text,
    workbook,
)
from tests.io.dicom.makers import dataset, scene, write


def _aul(root: Path) -> None:
    for name in ("Benign", "Malignant", "Normal"):
        picture(root / name / "image" / "1.jpg")
        for what in ("liver", "outline", *(() if name == "Normal" else ("mass",))):
            text(root / name / "segmentation" / what / "1.json", json.dumps(corners()))


def _breast_lesions_usg(root: Path) -> None:
    names = ["CaseID", "Image_filename", "Mask_tumor_filename", "Mask_other_filename", "Pixel_size", "Shape", "Margin",
             "Skin_thickening", "BIRADS", "Diagnosis", "Classification"]  # fmt: skip
    workbook(
        root / "BrEaST-Lesions-USG-clinical-data-Dec-15-2023.xlsx",
        [
            names,  # type: ignore[list-item]
            [1, "case001.png", "case001_tumor.png", "", 0.0078, "oval", "circumscribed", "no", "4a", "Cyst", "benign"],
            [2, "case002.png", "", "", 0.0078, "not applicable", "not applicable", "no", 1, "", "normal"],
        ],
    )
    place = root / "BrEaST-Lesions_USG-images_and_masks"
    for name in ("case001", "case002"):
        picture(place / f"{name}.png")
    picture(place / "case001_tumor.png", block())


def _bus_bra(root: Path) -> None:
    text(
        root / "BUSBRA" / "bus_data.csv",
        "ID,Case,Histology,Pathology,BIRADS,Device,Width,Height,Side,BBOX",
        'bus_0001-l,1,Fibroadenoma,benign,4,GE Logiq 7,56,40,left,"[1, 2, 3, 4]"',
        'bus_0001-r,1,Fibroadenoma,benign,4,GE Logiq 7,56,40,right,"[1, 2, 3, 4]"',
        'bus_0002-l,2,Ductal,malignant,5,GE Logiq 7,56,40,left,"[1, 2, 3, 4]"',
    )
    for name in ("0001-l", "0001-r", "0002-l"):
        picture(root / "BUSBRA" / "Images" / f"bus_{name}.png")
        picture(root / "BUSBRA" / "Masks" / f"mask_{name}.png", block())


def _busi(root: Path) -> None:
    for name in ("benign", "malignant", "normal"):
        picture(root / name / f"{name} (1).png")
        picture(
            root / name / f"{name} (1)_mask.png", np.zeros((HEIGHT, WIDTH), np.uint8) if name == "normal" else block()
        )
    second = np.zeros((HEIGHT, WIDTH), np.uint8)
    second[:5, :5] = 255
    picture(root / "benign" / "benign (1)_mask_1.png", second)


def _camus(root: Path) -> None:
    place = root / "database_nifti" / "patient0001"
    truth = block(1)
    truth[:4] = 2
    for view in ("2CH", "4CH"):
        for instant in ("ED", "ES"):
            nifti(place / f"patient0001_{view}_{instant}.nii.gz", grey().T)
            nifti(place / f"patient0001_{view}_{instant}_gt.nii.gz", truth.T)
        text(
            place / f"Info_{view}.cfg",
            "ED: 1",
            "ES: 2",
            "NbFrame: 2",
            "Sex: F",
            "Age: 56",
            "ImageQuality: Good",
            "EF: 54",
        )
    nifti(place / "patient0001_4CH_half_sequence.nii.gz", np.stack([grey().T, grey(1).T], axis=2), (0.3, 0.15, 1.0))
    nifti(place / "patient0001_4CH_half_sequence_gt.nii.gz", np.stack([truth.T, truth.T], axis=2), (0.3, 0.15, 1.0))


def _covid_blues(root: Path) -> None:
    text(
        root / "severity.csv",
        "video_file,Severity Score,A-lines,B-lines,comments",
        'patient_7_L1,2.0,no,yes,"thick line, B-lines"',
        "patient_7_R2,0.0,yes,,",
    )
    text(root / "clinical_variables.csv", "patient_id,cov_test", "7,1")
    for name in ("patient_7_L1", "patient_7_R2"):
        movie(root / "lus_videos" / f"{name}.mp4")


def _csv_table(root: Path) -> None:
    text(
        root / "labels.csv",
        "file,subject,split,mm_per_px,liver,hepatic_steatosis,mask_liver_outline,hospital",
        "a.png,s1,train,0.2,yes,no,a_mask.png,North",
        "b.png,s1,train,,1,,,",
    )
    for name in ("a", "b"):
        picture(root / f"{name}.png")
    picture(root / "a_mask.png", block())


def _ctrus(root: Path) -> None:
    text(
        root / "c-trus.csv", "file,quality,quality_name,patient,testitem_in_fold", "A.jpg,0,high,1,0", "B.jpg,2,low,1,0"
    )
    for name in ("A.jpg", "B.jpg"):
        picture(root / "original" / name)
        picture(root / "labels" / name, block(), quality=95)


def _cubs(root: Path) -> None:
    for side in ("L", "R"):
        stem = f"clin_0001_{side}"
        picture(root / "IMAGES" / f"{stem}.tiff")
        text(root / "CF" / f"{stem}_CF.txt", "0.0600")
        for which, y in (("LI", TOP), ("MA", BOTTOM)):
            text(root / "SEGMENTATIONS" / "Manual-A1" / f"{stem}-{which}.txt", f"{LEFT} {y}", f"20 {y}", f"{RIGHT} {y}")


def _ddti(root: Path) -> None:
    marks = json.dumps(
        [{"points": [{"x": x, "y": y} for x, y in corners()], "annotation": {}, "regionType": "freehand"}]
    )
    for case, grade in (("1", "4a"), ("2", "")):
        text(
            root / f"{case}.xml",
            f"<case><number>{case}</number><composition>solid</composition><tirads>{grade}</tirads>",
            f"<mark><image>1</image><svg>{marks}</svg></mark>",
            "<mark><image>2</image><svg></svg></mark></case>",
        )
        picture(root / f"{case}_1.jpg")


def _ddti_crops(root: Path) -> None:
    text(root / "diagnosis.csv", "7_1,4b", "7_1(2),")
    for name in ("7_1", "7_1(2)"):
        picture(root / "cropped" / f"{name}.png")
        picture(root / "mask" / f"{name}.gif", block())


def _dicom_folder(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for name, patient in (("a.dcm", "Q-17"), ("b.dcm", "Q-17"), ("c.dcm", "Z-99")):
        write(dataset(scene(), PatientID=patient), root / name)


def _dl_track(root: Path) -> None:
    for part in ("apo", "fasc"):
        picture(root / f"{part}_images" / "img_00001.tif")
        picture(root / f"{part}_masks" / "img_00001.tif", block())


def _chords(name: str, frame: int) -> list[str]:
    rows = [f"{name}.avi,50,20,50,80,{frame}"]
    return rows + [f"{name}.avi,30,{y},70,{y},{frame}" for y in range(20, 81, 10)]


def _echonet_dynamic(root: Path) -> None:
    text(
        root / "FileList.csv",
        "FileName,EF,ESV,EDV,FrameHeight,FrameWidth,FPS,NumberOfFrames,Split",
        "0XA,55.5,40,90,112,112,25,4,TRAIN",
        "0XB,30,80,115,112,112,25,4,TEST",
    )
    text(root / "VolumeTracings.csv", "FileName,X1,Y1,X2,Y2,Frame", *_chords("0XA", 0), *_chords("0XA", 2))
    for name in ("0XA", "0XB"):
        movie(root / "Videos" / f"{name}.avi")


def _echonet_pediatric(root: Path) -> None:
    for view in ("A4C", "PSAX"):
        text(root / view / "FileList.csv", "FileName,EF,Sex,Age,Weight,Height,Split", "CR1.avi,61.2,F,9,30,130,3")
        outline = [f"CR1.avi,{x},{y},1" for x, y in corners()]
        text(root / view / "VolumeTracings.csv", "FileName,X,Y,Frame", *outline, "CR1.avi,1,1,No Systolic")
        movie(root / view / "Videos" / "CR1.avi")


def _fatty_liver(root: Path) -> None:
    from scipy.io import savemat

    kind = [("id", "O"), ("class", "O"), ("fat", "O"), ("images", "O")]
    patients = np.zeros((1, 2), dtype=kind)
    for index, (ill, fat) in enumerate(((0, 3), (1, 40))):
        patients[0, index] = (index + 1, ill, fat, np.stack([grey(frame) for frame in range(10)]))
    root.mkdir(parents=True, exist_ok=True)
    savemat(root / "dataset_liver_bmodes_steatosis_assessment_IJCARS.mat", {"data": patients})


def _fetal_planes_db(root: Path) -> None:
    rows = [
        "Patient00001_Plane1_1_of_2;1;Other;Not A Brain;Op. 1;Voluson E6;1",
        "Patient00001_Plane3_1_of_1;1;Fetal brain;Trans-ventricular;Op. 1;Voluson E6;1",
        "Patient00002_Plane5_1_of_1;2;Fetal femur;Not A Brain;Op. 2;Aloka;0",
    ]
    place = root / "FETAL_PLANES_ZENODO"
    text(
        place / "FETAL_PLANES_DB_data.csv", "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train ", *rows
    )
    for row in rows:
        picture(place / "Images" / f"{row.split(';')[0]}.png")


def _gbcu(root: Path) -> None:
    for name in ("im00001.jpg", "im00002.jpg", "im00003.jpg"):
        picture(root / "imgs" / name)
    text(root / "train.txt", "im00001.jpg,0", "im00002.jpg,1")
    text(root / "test.txt", "im00003.jpg,2")


def _hc18(root: Path) -> None:
    names = ("000_HC", "010_HC", "010_2HC")
    text(
        root / "training_set_pixel_size_and_HC.csv",
        "filename,pixel size(mm),head circumference (mm)",
        *(f"{name}.png,0.1,44.3" for name in names),
    )
    text(root / "test_set_pixel_size.csv", "filename,pixel size(mm)", "000_HC.png,0.2")
    for name in names:
        picture(root / "training_set" / f"{name}.png")
        ring = cv2.ellipse(np.zeros((HEIGHT, WIDTH), np.uint8), (28, 20), (20, 12), 0, 0, 360, 255, 1)
        picture(root / "training_set" / f"{name}_Annotation.png", ring)
    picture(root / "test_set" / "000_HC.png")


def _image_folder(root: Path) -> None:
    picture(root / "liver" / "hepatic_steatosis" / "1.png")
    picture(root / "ward 3" / "2.jpg")
    movie(root / "lung" / "3.mp4")


def _kidney_us(root: Path) -> None:
    attributes = '"{""Quality"":""Good"",""View"":""Longitudinal"",""Type"":""K""}"'
    xs, ys = ([point[axis] for point in corners()] for axis in (0, 1))
    shape = json.dumps({"name": "polygon", "all_points_x": xs, "all_points_y": ys}).replace('"', '""')
    columns = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
    lines = [
        f'1_a.png,1,{attributes},2,{place},"{shape}","{{""Anatomy"":""{part}""}}"'
        for place, part in enumerate(("Capsule", "Medulla"))
    ]
    text(root / "labels" / "reviewed_labels_1.csv", columns, *lines, f"withdrawn.png,1,{attributes},0,0,{{}},{{}}")
    picture(root / "images" / "1_a.png")


def _mmotu(root: Path) -> None:
    place = root / "OTU_2d"
    for stem, colour in (("1", (64, 64, 0)), ("2", (64, 0, 64)), ("3", (0, 64, 64))):
        picture(place / "images" / f"{stem}.JPG", format="JPEG")
        map_rgb = np.where(block()[..., None] > 0, np.array(colour, np.uint8), np.uint8(0)).astype(np.uint8)
        picture(place / "annotations" / f"{stem}.PNG", map_rgb, format="PNG")
        picture(place / "annotations" / f"{stem}_binary.PNG", block(1), format="PNG")
    text(place / "train_cls.txt", "1.JPG  4", "2.JPG  5")
    text(place / "val_cls.txt", "3.JPG  7")


def _nerve_kaggle(root: Path) -> None:
    for name, mask in (("1_1", block()), ("1_2", np.zeros((HEIGHT, WIDTH), np.uint8)), ("2_1", block())):
        picture(root / "train" / f"{name}.tif")
        picture(root / "train" / f"{name}_mask.tif", mask)


def _pocus_lung(root: Path) -> None:
    place = root / "data"
    movie(place / "pocus_videos" / "convex" / "Cov-Atlas-1.mp4")
    movie(place / "pocus_videos" / "linear" / "Reg_Youtube.mp4")
    picture(place / "pocus_images" / "convex" / "pneu-everyday.png")
    text(place / "dataset_metadata.csv", "Filename,Label,License", "Cov-Atlas-1,COVID-19,CC BY-NC 4.0")


def _psfhs(root: Path) -> None:
    label = block(2)
    label[:3] = 1
    metaimage(root / "image_mha" / "00001.mha", np.stack([grey()] * 3))
    metaimage(root / "label_mha" / "00001.mha", label)


def _tn3k(root: Path) -> None:
    for part in ("trainval", "test"):
        picture(root / "tn3k" / f"{part}-image" / "0000.jpg")
        picture(root / "tn3k" / f"{part}-mask" / "0000.jpg", block(), quality=95)


def _unity(root: Path) -> None:
    code = "01-" + "ab12" * 16
    xs, ys = (" ".join(str(point[axis]) for point in corners()) for axis in (0, 1))
    marks = {
        "curve-lv-endo": [{"type": "curve", "x": xs, "y": ys}],
        "lv-apex-endo": [{"type": "point", "x": "12.5", "y": "8"}],
        "curve-la-endo": [{"type": "off", "x": "", "y": ""}],
    }
    for split, frame in (("train", "0001"), ("tune", "0007")):
        name = f"{code}-{frame}.png"
        text(
            root / "labels" / f"labels-{split}.json",
            json.dumps({name: {"labels": marks}, "absent.png": {"labels": {}}}),
        )
        picture(root / "png-cache" / "01" / "ab" / "12" / name)


def _usgra(root: Path) -> None:
    values = block(2)
    values[:4] = 1
    picture(root / "dataset" / "images" / "0001.png")
    place = root / "dataset" / "masks" / "0001.png"
    place.parent.mkdir(parents=True)
    mask = Image.fromarray(values).convert("P")
    mask.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    mask.save(place)


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "aul": _aul,
    "breast_lesions_usg": _breast_lesions_usg,
    "bus_bra": _bus_bra,
    "busi": _busi,
    "camus": _camus,
    "covid_blues": _covid_blues,
    "csv_table": _csv_table,
    "ctrus": _ctrus,
    "cubs": _cubs,
    "ddti": _ddti,
    "ddti_crops": _ddti_crops,
    "dicom_folder": _dicom_folder,
    "dl_track": _dl_track,
    "echonet_dynamic": _echonet_dynamic,
    "echonet_pediatric": _echonet_pediatric,
    "fatty_liver": _fatty_liver,
    "fetal_planes_db": _fetal_planes_db,
    "gbcu": _gbcu,
    "hc18": _hc18,
    "image_folder": _image_folder,
    "kidney_us": _kidney_us,
    "mmotu": _mmotu,
    "nerve_kaggle": _nerve_kaggle,
    "pocus_lung": _pocus_lung,
    "psfhs": _psfhs,
    "tn3k": _tn3k,
    "unity": _unity,
    "usgra": _usgra,
}
