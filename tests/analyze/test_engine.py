"""The engine from clip to study, with a network that knows the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lingyin.analyze import Engine
from lingyin.analyze.options import Options
from lingyin.core.clip import Box, Clip
from lingyin.core.errors import CatalogueError
from lingyin.core.study import Certainty, EvidenceKind, Finding, Study, Triage
from tests.analyze.clips import CALIBRATION, HEIGHT, WIDTH, Frames, make_clip, region, speckle
from tests.analyze.fakes import FakeNetwork, Picture, ellipse, head

ORGANS = ("abdominal_aorta", "breast", "heart", "none")
AORTA = head(
    "aorta",
    "segment",
    ("abdominal_aorta_outer", "abdominal_aorta_lumen"),
    ("abdominal_aorta",),
    caveats=["trained-on-phantoms-only"],
)
BREAST = head(
    "breast_diagnosis", "classify", ("breast_normal", "breast_mass_benign", "breast_mass_malignant"), ["breast"]
)
LESION = head("breast_lesion", "segment", ("breast_lesion",), ["breast"])
VENTRICLE = head("heart", "segment", ("left_ventricle_cavity",), ("heart",))


def sure(organ: str) -> Callable[[int], Sequence[float]]:
    return lambda _number: [0.94 if label == organ else 0.02 for label in ORGANS]


def section(diameter_mm: float) -> Picture:
    """A vessel of `diameter_mm` in the middle of the frame: an ellipse in pixels, as the spacings differ."""
    axes = (diameter_mm / 2 / CALIBRATION[0], diameter_mm / 2 / CALIBRATION[1])
    return ellipse((HEIGHT, WIDTH), (WIDTH / 2, HEIGHT / 2), axes)


def aorta(diameter_mm: Callable[[int], float]) -> FakeNetwork:
    masks = {
        "abdominal_aorta_outer": lambda number: section(diameter_mm(number)),
        "abdominal_aorta_lumen": lambda number: section(diameter_mm(number) - 4),
    }
    return FakeNetwork(ORGANS, sure("abdominal_aorta"), [AORTA], masks)


def study_of(network: FakeNetwork, clip: Clip) -> Study:
    return Engine(network=network).analyze(clip).study  # type: ignore[arg-type]


def finding(study: Study, code: str) -> Finding:
    return next(each for each in study.findings if each.code == code)


def reasons(study: Study) -> dict[str, str]:
    return {item.code: item.reason for item in study.not_assessed}


def test_an_aneurysm_is_found_measured_and_flagged() -> None:
    network = aorta(lambda number: 42.0 + 0.5 * np.sin(number / 4))
    study = study_of(network, make_clip(30, sex="M"))
    assert (study.triage, study.triage_reason) == (Triage.ABNORMAL, "abnormal-finding")
    assert finding(study, "abdominal_aorta").certainty is Certainty.PRESENT
    diameter = finding(study, "abdominal_aorta_diameter")
    assert diameter.value == pytest.approx(42.4, abs=0.4)
    assert diameter.caveats[:2] == ["view-not-verified", "trained-on-phantoms-only"]
    assert finding(study, "abdominal_aortic_aneurysm").certainty is Certainty.PRESENT
    assert finding(study, "abdominal_aorta_lumen_diameter").value == pytest.approx(38.4, abs=0.4)
    line = diameter.evidence[0]
    assert line.kind is EvidenceKind.LINE
    ends = np.asarray(line.points) * CALIBRATION
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(diameter.value, abs=0.4)
    assert study.clip.key_frames[0] == line.frame
    assert study.clip.frames_read == 30


@pytest.mark.parametrize(
    ("diameter", "triage"),
    [(18.0, Triage.NORMAL), (27.0, Triage.NORMAL), (36.0, Triage.ABNORMAL), (58.0, Triage.URGENT)],
)
def test_triage_of_the_aorta(diameter: float, triage: Triage) -> None:
    assert study_of(aorta(lambda _number: diameter), make_clip(12)).triage is triage


def test_a_still_image_is_measured_and_says_so() -> None:
    study = study_of(aorta(lambda _number: 42.0), make_clip(1))
    diameter = finding(study, "abdominal_aorta_diameter")
    assert diameter.value == pytest.approx(42.0, abs=0.4)
    assert "single-frame" in diameter.caveats
    assert study.clip.frame_rate_hz is None
    assert study.clip.duration_s == 0.0


def test_without_calibration_there_are_no_millimetres_and_no_threshold() -> None:
    study = study_of(aorta(lambda _number: 42.0), make_clip(10, None))
    assert all(each.value is None for each in study.findings)
    assert reasons(study)["abdominal_aorta_diameter"] == "uncalibrated"
    assert (study.triage, study.triage_reason) == (Triage.CANNOT_SAY, "nothing-assessable")
    assert not study.clip.calibrated


def test_an_outline_over_two_regions_is_not_measured() -> None:
    halves = (region(Box(0, 0, 180, HEIGHT)), region(Box(180, 0, WIDTH, HEIGHT)))
    study = study_of(aorta(lambda _number: 42.0), make_clip(10, regions=halves))
    assert all(each.value is None for each in study.findings)


def test_a_picture_unlike_the_training_data_gets_no_diagnosis() -> None:
    network = aorta(lambda _number: 42.0)
    network.novelty = 1.4
    study = study_of(network, make_clip(10))
    assert (study.triage, study.triage_reason) == (Triage.CANNOT_SAY, "unlike-training-data")
    assert [each.certainty for each in study.findings] == [Certainty.UNSURE]
    assert set(reasons(study).values()) == {"unlike-training-data"}
    assert "abdominal_aorta_diameter" in reasons(study)


def test_none_of_the_organs() -> None:
    study = study_of(FakeNetwork(ORGANS, sure("none")), make_clip(5))
    assert study.findings == []
    assert reasons(study) == {"organ": "organ-not-recognised"}
    assert study.triage_reason == "organ-not-recognised"


def test_an_organ_in_doubt_is_unsure() -> None:
    study = study_of(FakeNetwork(ORGANS, lambda _number: [0.5, 0.3, 0.1, 0.1]), make_clip(5))
    assert finding(study, "abdominal_aorta").certainty is Certainty.UNSURE
    assert reasons(study)["organ"] == "low-certainty"
    assert study.triage is Triage.CANNOT_SAY


def test_frames_that_show_different_organs_disagree() -> None:
    def organ(number: int) -> list[float]:
        return [[0.9, 0.1, 0.0, 0.0], [0.0, 0.9, 0.1, 0.0], [0.1, 0.0, 0.9, 0.0]][number % 3]

    assert reasons(study_of(FakeNetwork(ORGANS, organ), make_clip(9)))["organ"] == "heads-disagree"


def test_a_normal_breast_with_an_outlined_lesion_is_in_doubt() -> None:
    network = FakeNetwork(
        ORGANS,
        sure("breast"),
        [BREAST, LESION],
        {"breast_lesion": lambda _number: ellipse((HEIGHT, WIDTH), (150, 110), (30, 20))},
        {"breast_diagnosis": lambda _number: [0.9, 0.06, 0.04]},
    )
    study = study_of(network, make_clip(6))
    assert finding(study, "breast_normal").certainty is Certainty.UNSURE
    assert reasons(study)["breast_normal"] == "heads-disagree"
    assert study.triage is Triage.ABNORMAL  # a mass was measured


def test_a_normal_breast_without_lesion_is_normal() -> None:
    network = FakeNetwork(
        ORGANS,
        sure("breast"),
        [BREAST, LESION],
        {"breast_lesion": lambda _number: np.zeros((HEIGHT, WIDTH), np.float32)},
        {"breast_diagnosis": lambda _number: [0.9, 0.06, 0.04]},
    )
    study = study_of(network, make_clip(6))
    assert (study.triage, study.triage_reason) == (Triage.NORMAL, "all-assessed-normal")
    assert reasons(study)["breast_lesion_long_axis"] == "not-visible"


def test_the_outline_of_a_normal_ovary_is_no_lesion() -> None:
    labels = ("ovarian_tumour_benign", "ovarian_tumour_malignant", "ovary_normal")
    network = FakeNetwork(
        ("ovary", "none"),
        lambda _number: [0.95, 0.05],
        [head("ovary_malignancy", "classify", labels, ["ovary"]), head("x", "segment", ("ovarian_lesion",), ["ovary"])],
        {"ovarian_lesion": lambda _number: ellipse((HEIGHT, WIDTH), (150, 110), (40, 30))},
        {"ovary_malignancy": lambda _number: [0.05, 0.01, 0.94]},
    )
    study = study_of(network, make_clip(6))
    assert finding(study, "ovary_normal").certainty is Certainty.PRESENT
    assert "ovarian_lesion" not in {each.code for each in study.findings}
    assert reasons(study)["ovarian_lesion_long_axis"] == "not-visible"
    assert study.triage is Triage.NORMAL


def beating(number: int) -> Picture:
    share = (1 - np.cos(number / 20 * 2 * np.pi)) / 2
    return ellipse((HEIGHT, WIDTH), (160, 120), (50 - 14 * share, 80 - 10 * share))


def test_ratios_of_the_ventricle_need_no_calibration() -> None:
    network = FakeNetwork(ORGANS, sure("heart"), [VENTRICLE], {"left_ventricle_cavity": beating})
    study = study_of(network, make_clip(41, None))
    truth = 100 * (1 - 36 * 70 / (50 * 80))
    assert finding(study, "left_ventricle_area_change").value == pytest.approx(truth, abs=1.5)
    ejection = finding(study, "left_ventricular_ejection_fraction")
    assert ejection.value == pytest.approx(100 * (1 - 36**2 * 70 / (50**2 * 80)), abs=2.0)
    assert reasons(study)["left_ventricle_end_diastolic_area"] == "uncalibrated"


def test_a_long_clip_is_read_in_part_and_densely_where_it_matters() -> None:
    network = aorta(lambda number: 40.0 + 2.0 * np.exp(-(((number - 405) / 20) ** 2)))
    store = Frames([speckle(0)])

    class Long(Frames):
        def __len__(self) -> int:
            return 700

        def __getitem__(self, index: int):  # type: ignore[no-untyped-def, override]
            self.asked += 1
            return speckle(index)

    clip = make_clip(1)
    clip = Clip(Long(store), np.arange(700) / 25.0, clip.width, clip.height, clip.source, clip.regions)
    study = study_of(network, clip)
    assert 64 < study.clip.frames_read <= 64 + 32
    assert network.largest_batch <= 8
    assert {400, 402, 408, 410} <= set(network.seen)
    assert finding(study, "abdominal_aorta_diameter").value == pytest.approx(41.8, abs=0.4)


def test_a_clip_of_two_organs_is_analysed_by_the_longer_part_and_names_the_other() -> None:
    def organ(number: int) -> Sequence[float]:
        return sure("abdominal_aorta" if number < 14 else "breast")(number)

    network = aorta(lambda _number: 42.0)
    network.organ = organ
    study = study_of(network, make_clip(22))
    assert finding(study, "abdominal_aorta").certainty is Certainty.PRESENT
    assert finding(study, "abdominal_aorta_diameter").value == pytest.approx(42.0, abs=0.4)
    assert reasons(study)["breast"] == "another-scene"
    assert [(span.first, span.last, span.code, span.used) for span in study.spans] == [
        (0, 13, "abdominal_aorta", True),
        (14, 21, "breast", False),
    ]
    evidence = [each.frame for one in study.findings if one.value is not None for each in one.evidence]
    assert max(evidence) < 14
    assert study.clip.frames_read == 22


def test_a_standing_picture_is_told_and_a_lifted_probe_is_left_out() -> None:
    frames = [speckle(number) for number in range(8)] + [speckle(8)] * 6
    for number in range(3):
        frames[number][60:] = 0
        frames[number][:40] = 120
        frames[number][0, 0] = (number, 0, 0)
    study = study_of(aorta(lambda _number: 42.0), make_clip(14, frames=frames))
    assert {each.code for each in study.findings} >= {"freeze", "probe-lift"}
    assert [each.code for each in study.quality[:3]] == ["no-contact"] * 3
    evidence = [each.frame for one in study.findings if one.value is not None for each in one.evidence]
    assert min(evidence) >= 3


def test_views_of_the_protocol_are_listed_as_not_assessed() -> None:
    study = study_of(aorta(lambda _number: 42.0), make_clip(6))
    assert study.examination is not None
    assert study.examination.missing == ["view_aorta_long"]
    assert reasons(study)["view_aorta_long"] == "view-not-seen"
    assert reasons(study)["view_aorta_bifurcation"] == "view-not-told"


def test_progress_is_told_in_order() -> None:
    stages: list[str] = []
    done: dict[str, tuple[int, int]] = {}

    def progress(stage: str, count: int, total: int) -> None:
        assert 0 <= count <= total
        if not stages or stages[-1] != stage:
            stages.append(stage)
        done[stage] = (count, total)

    Engine(network=aorta(lambda _number: 20.0)).analyze(make_clip(10), progress)  # type: ignore[arg-type]
    assert stages == ["reading", "network", "measuring", "judging"]
    assert done["network"] == (10, 10)
    assert done["judging"] == (1, 1)


def test_one_engine_serves_several_threads_with_the_same_answers() -> None:
    engine = Engine(network=aorta(lambda number: 30.0 + number))  # type: ignore[arg-type]
    clips = [make_clip(1, frames=[speckle(number)]) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        studies = list(pool.map(lambda clip: engine.analyze(clip).study, clips))
    for number, study in enumerate(studies):
        alone = engine.analyze(clips[number]).study
        assert study.model_copy(update={"created": ""}) == alone.model_copy(update={"created": ""})
        assert finding(study, "abdominal_aorta_diameter").value == pytest.approx(30.0 + number, abs=0.4)


@pytest.mark.parametrize(
    ("frame", "grade"),
    [
        (np.zeros((HEIGHT, WIDTH, 3), np.uint8), "no-picture"),
        (speckle(7, 20, 24), "too-small"),
        (np.zeros((1, 1, 3), np.uint8), "no-picture"),
    ],
)
def test_black_and_tiny_frames_are_no_defect(frame: np.ndarray, grade: str) -> None:  # type: ignore[type-arg]
    network = FakeNetwork(ORGANS, lambda _number: [0.25] * 4)
    study = study_of(network, make_clip(1, frames=[frame]))
    assert study.triage is Triage.CANNOT_SAY
    assert finding(study, "image-quality").grade == grade


def test_every_outline_stands_in_the_analysis() -> None:
    analysis = Engine(network=aorta(lambda _number: 30.0)).analyze(make_clip(4))  # type: ignore[arg-type]
    assert sorted(analysis.outlines) == [0, 1, 2, 3]
    assert set(analysis.outlines[0]) == {"abdominal_aorta_outer", "abdominal_aorta_lumen"}


def test_a_chosen_guideline_judges_and_an_unknown_one_is_refused() -> None:
    code = "abdominal_aorta_diameter"
    for key in (code, "aorta"):
        options = Options({key: "svs2018"})
        engine = Engine(network=aorta(lambda _number: 45.0), options=options)  # type: ignore[arg-type]
        rule = finding(engine.analyze(make_clip(6)).study, code).rule
        assert rule is not None
        assert rule.edition.startswith("2018")
        with pytest.raises(CatalogueError, match="svs2018"):
            Engine(network=aorta(lambda _number: 45.0), options=Options({key: "mine"}))  # type: ignore[arg-type]


def test_the_study_survives_json() -> None:
    study = study_of(aorta(lambda _number: 42.0), make_clip(6))
    assert Study.model_validate_json(study.model_dump_json()) == study
