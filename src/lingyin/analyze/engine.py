"""The engine: a clip comes in, an `Analysis` goes out. The network is loaded once and serves many clips from several
threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from lingyin.analyze.compose import Composer, contradicted
from lingyin.analyze.frames import choose_frames, clip_sector, densify, picture_region
from lingyin.analyze.keyframes import choose_key_frames, frame_scores, turning_frames
from lingyin.analyze.masks import Track, track_structure
from lingyin.analyze.measure.plan import plans_for
from lingyin.analyze.measure.shot import MIDDLE, Refused, Shot, pixels
from lingyin.analyze.organ import OrganDecision, decide_organ
from lingyin.analyze.reading import Readings, read_frames
from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.shots import make_shots
from lingyin.analyze.statements import quality_finding, structure_finding
from lingyin.analyze.triage import triage
from lingyin.analyze.verdicts import Verdicts, applicable, hear_heads, refused_heads
from lingyin.core.clip import Clip
from lingyin.core.phrases import phrase
from lingyin.core.study import Analysis, Certainty, ClipInfo, ModelInfo, NotAssessed, Point, Study
from lingyin.core.tree import load_tree
from lingyin.runtime import load_network
from lingyin.runtime.manifest import Head
from lingyin.runtime.network import Network
from lingyin.version import __version__

Progress = Callable[[str, int, int], None]
PROGRAM = "lingyin"


@dataclass(frozen=True)
class Outlined:
    """Structures of the recognised organ: joined over time (`tracks`), and frame by frame on the picture (`shots`)."""

    tracks: dict[str, Track]
    shots: dict[str, list[Shot]]

    def without(self, structures: set[str]) -> Outlined:
        """The same, less the structures named."""
        return Outlined(
            {name: track for name, track in self.tracks.items() if name not in structures},
            {name: shots for name, shots in self.shots.items() if name not in structures},
        )

    def polygons(self) -> dict[int, dict[str, list[list[Point]]]]:
        """Outlines by frame and structure, as `Analysis` wants them."""
        outlines: dict[int, dict[str, list[list[Point]]]] = {}
        for structure, shots in self.shots.items():
            for shot in shots:
                outlines.setdefault(shot.frame, {})[structure] = [pixels(shot.outlines[MIDDLE])]
        return outlines


class Engine:
    """Analyses clips with one network, loaded once. `analyze` may be called from several threads at a time."""

    def __init__(
        self,
        model: Path | None = None,
        threads: int | None = None,
        *,
        guidelines: Mapping[str, str] | None = None,
        network: Network | None = None,
    ) -> None:
        """Loads the packaged network or the model folder `model`; `network` hands over one that is already loaded.

        `guidelines` chooses among guidelines: measurement code to the rule's `choice`, e.g.
        `{"abdominal_aorta_diameter": "svs2018"}`.

        Raises:
            ModelError: the model folder is missing, damaged or of another format.
            CatalogueError: a rule file is wrong, or an unknown guideline was chosen.
        """
        self._network = network if network is not None else load_network(model, threads)
        self._tree = load_tree()
        self._rules = load_rules()
        self._choices = dict(guidelines or {})
        for code in self._choices:
            self._rules.measurement_rule(code, self._choices)

    def analyze(self, clip: Clip, progress: Progress | None = None) -> Analysis:
        """Analyses one clip. `progress(stage, done, total)` is called along the way (stages: phrases, group
        `stage`)."""
        tell = progress or (lambda _stage, _done, _total: None)
        readings = self._read(clip, tell)
        heads = self._network.manifest.heads
        decision = decide_organ(readings, next(head for head in heads if head.name == "organ"), self._tree)
        composer = Composer(self._tree, self._rules, clip.source.patient_sex, self._choices)
        outlined = Outlined({}, {})
        composer.findings.extend(quality_finding(readings))
        if decision.finding is not None:
            composer.findings.append(decision.finding)
        if decision.organ is None:
            composer.not_assessed.extend(self._refusals(decision))
        else:
            heard = hear_heads(readings, heads, decision.organ, self._tree, self._rules)
            outlined = self._outline(clip, readings, decision.organ, tell).without(self._normal(heard))
            self._measure(clip, decision.organ, outlined.shots, composer, tell)
            self._add_verdicts(readings, decision.organ, heard, outlined.tracks, composer)
        study = self._close(clip, readings, decision, composer, outlined.tracks)
        tell("judging", 1, 1)
        return Analysis(study, outlined.polygons())

    def _read(self, clip: Clip, tell: Progress) -> Readings:
        tell("reading", 0, 1)
        sector = clip_sector(clip)
        first = choose_frames(len(clip))
        readings, placement = read_frames(
            clip, first, sector, self._network, lambda done: tell("network", done, len(first))
        )
        result = Readings(tuple(readings), sector, placement)
        if len(first) == len(clip):
            return result
        more = densify(first, turning_frames(result), len(clip))
        extra, _ = read_frames(clip, more, sector, self._network, lambda done: tell("network", done, len(more)))
        return result.merged(extra)

    def _outline(self, clip: Clip, readings: Readings, organ: str, tell: Progress) -> Outlined:
        """Tracks and shots of every structure that a segmenting head of this organ outlines."""
        times = [reading.time_s for reading in readings.frames]
        structures = _structures(self._network.manifest.heads, organ)
        tracks: dict[str, Track] = {}
        shots: dict[str, list[Shot]] = {}
        for done, structure in enumerate(structures):
            tell("measuring", done, len(structures))
            track = track_structure(structure, [each.grids.get(structure) for each in readings.frames], times)
            if track is not None:
                tracks[structure] = track
                shots[structure] = make_shots(clip, readings, track)
        return Outlined(tracks, shots)

    def _measure(
        self, clip: Clip, organ: str, shots: Mapping[str, list[Shot]], composer: Composer, tell: Progress
    ) -> None:
        plans = plans_for(organ)
        heads = {structure: head for head in self._network.manifest.heads for structure in _labels(head, "segment")}
        for done, plan in enumerate(plans):
            tell("measuring", done, len(plans))
            if plan.structure not in heads:
                for code in plan.codes:
                    composer.refuse(code, "not-trained")
                continue
            caveats = [*heads[plan.structure].caveats, *_spacing_caveats(clip)]
            if len(clip) == 1:
                caveats.append("single-frame")
            composer.add_outcome(plan, plan.tool(shots.get(plan.structure, [])), caveats)

    def _normal(self, heard: Verdicts) -> set[str]:
        """Structures whose outline is normal tissue, going by what the heads said."""
        present = {each.code for each in heard.findings if each.certainty is Certainty.PRESENT}
        return {pair.structure for pair in self._rules.normal_outlines if pair.label in present}

    def _add_verdicts(
        self, readings: Readings, organ: str, heard: Verdicts, tracks: Mapping[str, Track], composer: Composer
    ) -> None:
        """Diagnoses of the heads, then what contradicts, then outlined structures, then what nobody looks for."""
        heads = self._network.manifest.heads
        composer.findings.extend(heard.findings)
        composer.not_assessed.extend(heard.not_assessed)
        composer.findings, clash = contradicted(composer.findings, tracks, self._rules, self._tree)
        for code in clash:
            composer.refuse(code, "heads-disagree")
        for structure, track in tracks.items():
            head = next(each for each in heads if structure in _labels(each, "segment"))
            composer.findings.append(structure_finding(track, readings, self._tree, head.caveats))
        spoken = [label for head in applicable(heads, organ, "classify") for label in head.labels]
        composer.note_untrained(organ, spoken)

    def _refusals(self, decision: OrganDecision) -> list[NotAssessed]:
        reason = str(decision.reason)
        items = [NotAssessed(code="organ", name=phrase("subject", "organ"), reason=reason)]
        if decision.finding is None:
            return items
        organ = decision.finding.code
        items += refused_heads(self._network.manifest.heads, organ, self._tree, reason)
        composer = Composer(self._tree, self._rules, None, {}, [], items)
        for plan in plans_for(organ):
            for refused in (Refused(code, reason) for code in plan.codes):
                composer.refuse(refused.code, refused.reason)
        return composer.not_assessed

    def _close(
        self,
        clip: Clip,
        readings: Readings,
        decision: OrganDecision,
        composer: Composer,
        tracks: Mapping[str, Track],
    ) -> Study:
        verdict, reason = triage(composer.findings, composer.not_assessed)
        index = None if decision.organ is None else decision.joined.top
        scores = frame_scores(readings, index, tracks)
        keys = choose_key_frames(readings, scores, composer.findings, len(clip))
        manifest = self._network.manifest
        return Study(
            program=PROGRAM,
            program_version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            clip=_clip_info(clip, readings, keys),
            model=ModelInfo(name=manifest.name, version=manifest.version, sha256=manifest.fingerprint),
            triage=verdict,
            triage_reason=reason,
            findings=composer.findings,
            not_assessed=composer.not_assessed,
        )


def _labels(head: Head, task: str) -> tuple[str, ...]:
    return tuple(head.labels) if head.task == task else ()


def _structures(heads: Iterable[Head], organ: str) -> list[str]:
    return [label for head in applicable(heads, organ, "segment") for label in head.labels]


def _spacing_caveats(clip: Clip) -> list[str]:
    """Lengths that rest on a spacing given by hand rather than by the scanner."""
    region = picture_region(clip)
    return ["spacing-assumed-square"] if region is not None and region.calibration == "sidecar" else []


def _clip_info(clip: Clip, readings: Readings, key_frames: list[int]) -> ClipInfo:
    region = picture_region(clip)
    source, box = clip.source, readings.sector.box
    last = float(clip.times_s[-1]) if len(clip) > 1 else 0.0
    step = float(np.median(np.diff(clip.times_s))) if len(clip) > 1 else 0.0
    return ClipInfo(
        source=source.path if source.member is None else f"{source.path}!{source.member}",
        kind=source.kind,
        width=clip.width,
        height=clip.height,
        frames=len(clip),
        duration_s=round(last + step, 4),
        frame_rate_hz=round(1.0 / step, 3) if step > 0 else None,
        calibrated=region is not None and region.is_calibrated,
        calibration="none" if region is None else region.calibration,
        mm_per_px_x=None if region is None else region.mm_per_px_x,
        mm_per_px_y=None if region is None else region.mm_per_px_y,
        manufacturer=source.manufacturer,
        model_name=source.model_name,
        study_instance_uid=source.study_instance_uid,
        series_instance_uid=source.series_instance_uid,
        sop_instance_uid=source.sop_instance_uid,
        sop_class_uid=source.sop_class_uid,
        sector_box=(box.left, box.top, box.right, box.bottom),
        key_frames=key_frames,
        frames_read=len(readings.frames),
        notes=list(source.notes),
    )
