"""Abdominal aorta in cross-section: wall, lumen, thrombus and calcium, before the spine and beside the vena cava."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import gas, mottle, soft_organ, spine, wall
from lingyin.io.phantom.canvas import BLOOD, BONE_LOSS, BRIGHT, FLUID_GAIN, GLAND, TISSUE, Canvas
from lingyin.io.phantom.probe import Field
from lingyin.io.phantom.scene import Moment, Scene, narrowest
from lingyin.io.phantom.shapes import Points, Star, ellipse, wobble

ANEURYSM_MM = 28.0  # thrombus lies only in vessels at least this wide


class Aorta(Scene):
    """The diameter is outer wall to outer wall on the short axis of the section, at its largest over the cine."""

    title = "AORTA TRANS"

    def arrange(self) -> None:
        settled = self.settled
        across = settled["diameter_mm"] * settled["oblique"]
        if settled["diameter_mm"] > 55:
            settled.suit("top_mm", min(settled["top_mm"], 45.0))
        self.centre_z = settled["top_mm"] + settled["diameter_mm"] / 2
        self.at_least_deep(settled["top_mm"] + settled["diameter_mm"] + 28)
        settled.suit("depth_mm", min(settled["depth_mm"], settled["top_mm"] + settled["diameter_mm"] + 75))
        if settled.values["probe"] == "sector" and "probe" not in settled.given and across > 0.75 * self.centre_z:
            settled.values["probe"] = "convex"
        room = max(0.0, 0.45 * self.centre_z + 14 - across / 2)
        settled.suit("offset_mm", float(np.clip(settled["offset_mm"], -room, room)))
        rng, radius = self.rng, settled["diameter_mm"] / 2
        flat = ellipse(0, 0, settled["oblique"], 1.0, rng.uniform(-0.35, 0.35))
        bumps = 0.022 if settled["diameter_mm"] > 32 else 0.008
        shape = Star(0, 0, flat.radii * (1 + bumps * wobble(rng, 2, 5)))
        self.outline = Star(settled["offset_mm"], self.centre_z, shape.radii * 2 * radius / narrowest(shape.polygon()))
        share = settled["thrombus"] if settled["diameter_mm"] >= ANEURYSM_MM else 0.0
        wall_mm = min(settled["wall_mm"], 0.2 * radius)
        self.wall_mm = wall_mm
        inner = radius - wall_mm
        self.has_thrombus = share > 0.02
        slack = inner * share
        turn = rng.uniform(0, 2 * np.pi)
        reach = 0.75 * slack
        self.lumen_shift = (
            (reach * float(np.cos(turn)), reach * float(np.sin(turn))) if self.has_thrombus else (0.0, 0.0)
        )
        self.lumen_shape = 1 + 0.03 * wobble(rng, 2, 4) if self.has_thrombus else np.ones(360)
        self.lumen_radius = inner - slack

    def _outer(self, moment: Moment) -> Star:
        smaller = self.settled["pulsation_mm"] * (1 - moment.pulse)
        factor = 1 - smaller / self.settled["diameter_mm"]
        rest = self.outline
        return Star(rest.x + moment.shift_x, rest.z + moment.shift_z, rest.radii * factor)

    def _lumen(self, moment: Moment) -> Star:
        outer = self._outer(moment)
        if not self.has_thrombus:
            return outer.grown(-self.wall_mm)
        factor = float(outer.radii.mean() / self.outline.radii.mean())
        dx, dz = self.lumen_shift
        return Star(outer.x + dx, outer.z + dz, self.lumen_radius * 0.985 * factor * self.lumen_shape)

    def background(self, canvas: Canvas) -> None:
        rng, settled = self.rng, self.settled
        top, depth = settled["top_mm"], settled["depth_mm"]
        x, radius = self.outline.x, settled["diameter_mm"] / 2
        mottle(canvas, rng, 2.6)
        canvas.add(np.clip((canvas.z - np.float32(0.75 * depth)) / np.float32(0.4 * depth), 0, 1), -8.0)
        if rng.random() < 0.75:  # left lobe of the liver in front
            lobe = ellipse(x - rng.uniform(15, 50), rng.uniform(0.35, 0.6) * top, rng.uniform(35, 60), 0.55 * top)
            soft_organ(canvas, rng, Star(lobe.x, lobe.z, lobe.radii * (1 + 0.06 * wobble(rng, 2, 4))), TISSUE - 3, 1.0)
        if rng.random() < 0.5:  # pancreas
            body = ellipse(x + rng.uniform(-8, 8), top - rng.uniform(6, 9), rng.uniform(22, 38), rng.uniform(3.5, 6))
            soft_organ(canvas, rng, Star(body.x, body.z, body.radii * (1 + 0.12 * wobble(rng, 2, 6))), GLAND + 1, 1.5)
        for _ in range(int(rng.integers(3, 8))):  # bowel loops and fat lobules
            place = rng.uniform(-1, 1) * 0.7 * depth * 0.6
            loop = Star(place, rng.uniform(0.5, 1.0) * depth, rng.uniform(7, 18) * (1 + 0.15 * wobble(rng, 2, 5)))
            soft_organ(canvas, rng, loop, TISSUE + rng.uniform(-9, 2), 1.6)
        self._cava(canvas, x, radius)
        spine(canvas, rng, x - rng.uniform(0.0, 10.0), top + 2 * radius + rng.uniform(3.0, 7.0), rng.uniform(17, 23))
        fat = min(rng.uniform(6, 24), 0.45 * top)
        wall(canvas, rng, fat, min(rng.uniform(6, 12), 0.3 * top))
        around = self.outline.grown(rng.uniform(1.5, 3.5)).distance(canvas.x, canvas.z)
        canvas.add(np.exp(-((around / np.float32(2.5)) ** 2)), rng.uniform(2, 6))
        if rng.random() < 0.5 and top > 30:  # superior mesenteric artery in its collar of fat
            mesenteric = ellipse(x + rng.uniform(-3, 5), top - rng.uniform(7, 11), 3.4, 3.2)
            canvas.fill(mesenteric.grown(3.0).distance(canvas.x, canvas.z), BRIGHT - 9, soft_mm=2.0)
            canvas.fill(mesenteric.distance(canvas.x, canvas.z), BLOOD, soft_mm=0.8)
        strength = settled["gas"]
        if strength > 0:
            side = rng.choice([-1.0, 1.0])
            size = rng.uniform(8, 15)
            away = 0.72 * radius + rng.uniform(1.0, 2.2) * size
            gas(canvas, rng, x + side * away, max(14.0, top * rng.uniform(0.55, 0.95)), size, strength)

    def _cava(self, canvas: Canvas, x: float, radius: float) -> None:
        """The inferior vena cava to the patient's right, which is the left of the image; flat in some."""
        rng = self.rng
        half_width, half_height = rng.uniform(7, 12), rng.uniform(3.5, 9)
        at = x - radius * self.settled["oblique"] - half_width - rng.uniform(2, 7)
        level = self.centre_z + radius * rng.uniform(0.0, 0.6)
        cava = ellipse(at, level, half_width, half_height, rng.uniform(-0.3, 0.3))
        distance = cava.distance(canvas.x, canvas.z)
        canvas.fill(distance, TISSUE + 3, soft_mm=0.6)
        canvas.fill(distance + np.float32(0.8), BLOOD + 4, FLUID_GAIN / 3, soft_mm=0.8)

    def at_rest(self, x: Field, z: Field, moment: Moment) -> tuple[Field, Field]:
        x, z = super().at_rest(x, z, moment)
        dx, dz = x - np.float32(self.outline.x), z - np.float32(self.outline.z)
        radius = self.settled["diameter_mm"] / 2
        grown = -self.settled["pulsation_mm"] / 2 * (1 - moment.pulse)
        distance2 = np.maximum(dx**2 + dz**2, np.float32(radius**2))
        pull = np.float32(grown * radius) / distance2
        return x - dx * pull, z - dz * pull

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        outer, lumen = self._outer(moment), self._lumen(moment)
        far, near = outer.distance(canvas.x, canvas.z), lumen.distance(canvas.x, canvas.z)
        canvas.fill(far, TISSUE + 6, soft_mm=0.3)
        if self.has_thrombus:
            canvas.fill(far + np.float32(self.wall_mm), TISSUE - 9, soft_mm=0.6)
            layers = np.float32(0.5) + np.float32(0.5) * np.cos((far + near) * np.float32(1.9))
            canvas.add(layers**3 * ((far < -self.wall_mm) & (near > 0)), 4.0)
        canvas.fill(near, BLOOD, FLUID_GAIN / 3, soft_mm=0.5)
        canvas.line(far, BRIGHT - 2, 0.55, scatter=0.12)
        canvas.line(near, BRIGHT - (6 if self.has_thrombus else 1), 0.5, scatter=0.1)
        self._calcium(canvas, outer, far)

    def _calcium(self, canvas: Canvas, outer: Star, far: Field) -> None:
        share = self.settled["calcification"]
        if share <= 0:
            return
        angle = np.arctan2(canvas.z - np.float32(outer.z), canvas.x - np.float32(outer.x))
        rng = np.random.default_rng(int(share * 1e6))
        depth = far + np.float32(self.wall_mm / 2)
        for _ in range(max(1, round(share * 6))):
            at, half = rng.uniform(-np.pi, np.pi), rng.uniform(0.08, 0.25)
            turned = np.abs((angle - np.float32(at) + np.pi) % np.float32(2 * np.pi) - np.pi)
            plaque = np.clip((half - turned) * np.float32(8), 0, 1) * np.exp(-((depth / np.float32(0.9)) ** 2))
            canvas.echo += plaque * np.maximum(np.float32(BRIGHT + 2) - canvas.echo, 0)
            canvas.loss += plaque * np.float32(BONE_LOSS * 1.2)

    def outlines(self, moment: Moment) -> dict[str, Points]:
        return {
            "abdominal_aorta_outer": self._outer(moment).polygon(),
            "abdominal_aorta_lumen": self._lumen(moment).polygon(),
        }

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        sections = [self.outlines(moment) for moment in moments]
        return {
            "abdominal_aorta_diameter": max(narrowest(each["abdominal_aorta_outer"]) for each in sections),
            "abdominal_aorta_lumen_diameter": max(narrowest(each["abdominal_aorta_lumen"]) for each in sections),
        }
