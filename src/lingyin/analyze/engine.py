"""The engine: a clip comes in, an `Analysis` goes out. The network is loaded once and serves many clips from several
threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from lingyin.analyze.assess import Assessor
from lingyin.analyze.compose import Composer, contradicted
from lingyin.analyze.cycle import checked
from lingyin.analyze.examination import examine
from lingyin.analyze.frames import choose_frames, clip_sector, densify, picture_region, shows_tissue
from lingyin.analyze.growth import growth_findings
from lingyin.analyze.keyframes import choose_key_frames, frame_scores, turning_frames
from lingyin.analyze.lungs import count_b_lines
from lingyin.analyze.masks import Track
from lingyin.analyze.measure.plan import plans_for
from lingyin.analyze.measure.shot import Shot
from lingyin.analyze.options import NO_OPTIONS, Options
from lingyin.analyze.organ import OrganDecision, decide_organ, without_picture
from lingyin.analyze.outlined import Outlined, outline_structures
from lingyin.analyze.reading import Readings, read_frames
from lingyin.analyze.rulebook import load_rules
from lingyin.analyze.statements import quality_finding, structure_finding, timeline_findings
from lingyin.analyze.timeline import Timeline, lay_out
from lingyin.analyze.triage import triage
from lingyin.analyze.verdicts import Verdicts, applicable, hear_heads, refused_heads
from lingyin.core.clip import Clip
from lingyin.core.phrases import phrase
from lingyin.core.study import Analysis, Certainty, ClipInfo, Examination, ModelInfo, NotAssessed, Study
from lingyin.core.tree import load_tree
from lingyin.runtime import load_network
from lingyin.runtime.manifest import Head
from lingyin.runtime.network import Network
from lingyin.version import __version__

Progress = Callable[[str, int, int], None]
PROGRAM = "lingyin"


class Engine:
    """Analyses clips with one network, loaded once. `analyze` may be called from several threads at a time."""

    def __init__(
        self,
        model: Path | None = None,
        threads: int | None = None,
        *,
        options: Options = NO_OPTIONS,
        network: Network | None = None,
    ) -> None:
        """Loads the packaged network or the model folder `model`; `network` hands over one that is already loaded.

        `options` choose among guidelines and tell what pictures cannot.

        Raises:
            ModelError: the model folder is missing, damaged or of another format.
            CatalogueError: a rule file is wrong, or an unknown guideline was chosen.
        """
        self._rules = load_rules()
        self._options = options
        self._rules.check_choices(options.guidelines)
        self._network = network if network is not None else load_network(model, threads)
        self._tree = load_tree()

    def analyze(self, clip: Clip, progress: Progress | None = None) -> Analysis:
        """Analyses one clip. `progress(stage, done, total)` is called along the way (stages: phrases, group
        `stage`)."""
        tell = progress or (lambda _stage, _done, _total: None)
        heads = self._network.manifest.heads
        organs = next(head for head in heads if head.name == "organ")
        timeline = lay_out(self._read(clip, tell), organs.labels)
        readings = timeline.readings
        decision = decide_organ(readings, organs, self._tree)
        if not shows_tissue(clip):
            decision = without_picture(decision)
        composer = Composer(self._tree, self._rules, clip.source.patient_sex, self._options.guidelines)
        outlined = Outlined({}, {})
        examination = None
        composer.findings.extend([*quality_finding(readings), *timeline_findings(timeline)])
        for organ in timeline.others:
            composer.refuse(organ, "another-scene")
        if decision.finding is not None:
            composer.findings.append(decision.finding)
        if decision.organ is None:
            composer.not_assessed.extend(self._refusals(decision))
        else:
            heard = hear_heads(readings, heads, decision.organ, self._tree, self._rules)
            everything = outline_structures(clip, readings, timeline.scenes, heads, decision.organ, tell)
            outlined = everything.without(self._normal(heard))
            self._measure(clip, readings, decision.organ, outlined.shots, composer, tell)
            self._assess(clip, readings, decision.organ, outlined.shots, composer)
            self._add_verdicts(readings, decision.organ, heard, outlined.tracks, composer)
            examination = self._examine(decision.organ, outlined.shots, composer)
        study = self._close(clip, timeline, decision, composer, outlined.tracks, examination)
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

    def _measure(
        self,
        clip: Clip,
        readings: Readings,
        organ: str,
        shots: Mapping[str, list[Shot]],
        composer: Composer,
        tell: Progress,
    ) -> None:
        plans = plans_for(organ)
        heads = {structure: head for head in self._network.manifest.heads for structure in _labels(head, "segment")}
        for done, plan in enumerate(plans):
            tell("measuring", done, len(plans))
            if plan.from_picture:
                still = ["single-frame"] if len(clip) == 1 else []
                frames = [each.frame for each in readings.frames]
                composer.add_outcome(plan, count_b_lines(clip, frames, readings.sector.mask), still)
                continue
            if plan.structure not in heads:
                for code in plan.codes:
                    composer.refuse(code, "not-trained")
                continue
            caveats = [*heads[plan.structure].caveats, *_spacing_caveats(clip)]
            if len(clip) == 1:
                caveats.append("single-frame")
            shown = shots.get(plan.structure, [])
            composer.add_outcome(plan, checked(plan.tool(shown), shown), caveats)

    def _assess(
        self, clip: Clip, readings: Readings, organ: str, shots: Mapping[str, list[Shot]], composer: Composer
    ) -> None:
        """What lesions look like, and the categories that follow."""
        rules = self._rules.score_rules(organ, self._options.guidelines)
        standing = [
            *(caveat for head in applicable(self._network.manifest.heads, organ, "segment") for caveat in head.caveats)
        ]
        assessor = Assessor(clip, readings.sector.mask, self._tree, tuple(dict.fromkeys(standing)))
        values = {each.code: each for each in composer.findings if each.value is not None}
        findings, refused = assessor.assess(rules, shots, values)
        composer.findings.extend([*findings, *growth_findings(values, self._options, self._rules, self._tree)])
        composer.not_assessed.extend(refused)

    def _examine(self, organ: str, shots: Mapping[str, list[Shot]], composer: Composer) -> Examination | None:
        """The standard views of the organ's protocol: told as findings, or as not assessed."""
        labels = [
            label for head in applicable(self._network.manifest.heads, organ, "classify") for label in head.labels
        ]
        record, views, refused = examine(organ, labels, composer.findings, shots, self._tree)
        composer.findings.extend(views)
        composer.not_assessed.extend(refused)
        return record

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
        for code in (code for plan in plans_for(organ) for code in plan.codes):
            composer.refuse(code, reason)
        return composer.not_assessed

    def _close(
        self,
        clip: Clip,
        timeline: Timeline,
        decision: OrganDecision,
        composer: Composer,
        tracks: Mapping[str, Track],
        examination: Examination | None,
    ) -> Study:
        readings = timeline.readings
        verdict, reason = triage(composer.findings, composer.not_assessed)
        index = None if decision.organ is None else decision.joined.top
        scores = frame_scores(readings, index, tracks)
        keys = choose_key_frames(readings, scores, composer.findings, len(clip))
        manifest = self._network.manifest
        return Study(
            program=PROGRAM,
            program_version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            clip=_clip_info(clip, readings, keys, len(timeline.quality)),
            model=ModelInfo(name=manifest.name, version=manifest.version, sha256=manifest.fingerprint),
            triage=verdict,
            triage_reason=reason,
            findings=composer.findings,
            not_assessed=composer.not_assessed,
            examination=examination,
            spans=list(timeline.spans),
            quality=list(timeline.quality),
        )


def _labels(head: Head, task: str) -> tuple[str, ...]:
    return tuple(head.labels) if head.task == task else ()


def _spacing_caveats(clip: Clip) -> list[str]:
    """Lengths that rest on a spacing given by hand rather than by the scanner."""
    region = picture_region(clip)
    return ["spacing-assumed-square"] if region is not None and region.calibration == "sidecar" else []


def _clip_info(clip: Clip, readings: Readings, key_frames: list[int], read: int) -> ClipInfo:
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
        frames_read=read,
        notes=list(source.notes),
    )
