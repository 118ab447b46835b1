"""The left ventricle in an apical four-chamber view, beating with a set ejection fraction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import mottle, wall
from lingyin.io.phantom.canvas import BLOOD, BRIGHT, FLUID_GAIN, MUSCLE, TISSUE, Canvas
from lingyin.io.phantom.probe import Field
from lingyin.io.phantom.scene import Moment, Scene
from lingyin.io.phantom.shapes import Points, Star, area_of, wobble

LENGTHENING = 0.35  # share of the change that shortens the cavity; the rest narrows it


class LeftVentricle(Scene):
    """The cavity shrinks by one factor across and another along its axis, so its volume by discs is exact."""

    title = "A4C"

    def arrange(self) -> None:
        settled, rng = self.settled, self.rng
        self.apex_z = rng.uniform(14, 22) + settled["wall_mm"]
        self.at_least_deep(self.apex_z + settled["length_mm"] + 42)
        period = 60 / settled["heart_rate_bpm"]
        lasting = settled["frames"] / settled["frame_rate_hz"]
        settled.suit("heart_rate_bpm", max(settled["heart_rate_bpm"], 60 * min(1.15 * period / lasting, 1.15) / period))
        kept = 1 - settled["ejection_fraction"] / 100
        steps = np.linspace(0, 1, 20001)
        # narrowing a and shortening b = 1 - LENGTHENING (1 - a), with a^2 b = 1 - EF
        volume = steps**2 * (1 - LENGTHENING * (1 - steps))
        self.narrowing = float(np.interp(kept, volume, steps))
        self.shortening = 1 - LENGTHENING * (1 - self.narrowing)
        self.tilt = rng.uniform(-0.16, 0.06)
        self.x = rng.uniform(2, 8)
        self.lean = rng.uniform(-0.05, 0.05)
        self.ripple = rng.uniform(0.008, 0.02) * wobble(rng, 3, 7)

    def pulse_at(self, phase: float) -> float:
        """Filling: 1 at end diastole, least at a third of the beat, a quick early and a slow late rise."""
        if phase < 0.35:
            return float(0.5 + 0.5 * np.cos(np.pi * phase / 0.35))
        late = (phase - 0.35) / 0.65
        return float(0.5 - 0.5 * np.cos(np.pi * late**0.75))

    def _factors(self, moment: Moment) -> tuple[float, float]:
        empty = 1 - moment.pulse
        across = 1 - (1 - self.narrowing) * empty
        return across, 1 - (1 - self.shortening) * empty

    def _cavity_points(self, moment: Moment) -> Points:
        """The outline (360, 2): a half ellipsoid with a flat base, apex up, in its own axes turned by the tilt."""
        across, along = self._factors(moment)
        angle = np.radians(np.arange(360))
        length, half = self.settled["length_mm"], self.settled["width_mm"] / 2
        # superellipse in the lower part: blunt base at the mitral ring, pointed apex
        down = np.sin(angle)
        power = np.where(down > 0, 0.62, 1.0)
        right = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** np.where(down > 0, 0.8, 1.0)
        stretch = np.where(down > 0, 0.4, 0.6)
        side = half * right * (1 + self.ripple) + self.lean * length * (down**2 - 0.5) * 0.3
        axial = length * (0.6 + stretch * np.sign(down) * np.abs(down) ** power)
        # the base moves to the apex, which stays
        return self._placed(side * across, axial * along, moment)

    def _placed(self, side: np.ndarray, axial: np.ndarray, moment: Moment) -> Points:
        """Own axes (right, from the apex down) to the body's frame."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        x = self.x + side * cos - axial * sin + moment.shift_x
        z = self.apex_z + axial * cos + side * sin + moment.shift_z
        return np.column_stack([x, z])

    def _own(self, x: Field, z: Field, moment: Moment) -> tuple[Field, Field]:
        dx = x - np.float32(self.x + moment.shift_x)
        dz = z - np.float32(self.apex_z + moment.shift_z)
        cos, sin = np.float32(np.cos(self.tilt)), np.float32(np.sin(self.tilt))
        return dx * cos + dz * sin, dz * cos - dx * sin

    def _cavity(self, moment: Moment) -> Star:
        """The outline as radii around the middle of the axis; the cavity is star-shaped from there."""
        points = self._cavity_points(moment)
        centre = points.mean(axis=0)
        away = points - centre
        angle = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
        order = np.argsort(angle % (2 * np.pi))
        radii = np.interp(
            np.radians(np.arange(360)), (angle % (2 * np.pi))[order], np.hypot(*away.T)[order], period=2 * np.pi
        )
        return Star(float(centre[0]), float(centre[1]), radii)

    def background(self, canvas: Canvas) -> None:
        rng = self.rng
        mottle(canvas, rng, 2.4)
        canvas.echo -= 5
        wall(canvas, rng, rng.uniform(3, 6), rng.uniform(4, 7))

    def at_rest(self, x: Field, z: Field, moment: Moment) -> tuple[Field, Field]:
        """Muscle follows the cavity; far from it the tissue stays."""
        x, z = super().at_rest(x, z, moment)
        still = Moment(moment.index, moment.pulse, 0.0, 0.0)
        side, axial = self._own(x, z, still)
        across, along = self._factors(moment)
        length, half = np.float32(self.settled["length_mm"]), np.float32(self.settled["width_mm"])
        weight = np.exp(-((side / half) ** 4) - ((axial / length - 0.5) / 0.75) ** 6)
        side, axial = side * (1 + weight * (1 / across - 1)), axial * (1 + weight * (1 / along - 1))
        cos, sin = np.float32(np.cos(self.tilt)), np.float32(np.sin(self.tilt))
        return self.x + side * cos - axial * sin, self.apex_z + axial * cos + side * sin

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        settled = self.settled
        cavity = self._cavity(moment)
        across, along = self._factors(moment)
        thick = settled["wall_mm"] * (1 + 0.45 * (1 - across))
        length, half = settled["length_mm"], settled["width_mm"] / 2
        side, axial = self._own(canvas.x, canvas.z, moment)
        base = length * along
        distance = cavity.distance(canvas.x, canvas.z)
        muscle = np.maximum(distance - np.float32(thick), axial - np.float32(base + 3))
        grain = canvas.echo - np.float32(TISSUE - 5)
        right = self._right_heart(canvas, side, axial, base, half * across + thick)
        canvas.fill(muscle, np.float32(MUSCLE + 3) + grain, soft_mm=1.6)
        canvas.line(muscle, BRIGHT - 5, 0.9, scatter=0.3)
        atrium_width, atrium_length = 0.82 * half + 5, 36.0
        left = (np.hypot(side / atrium_width, (axial - (base + 0.5 * atrium_length)) / (0.56 * atrium_length)) - 1) * 18
        canvas.fill(left.astype(np.float32) - 2, TISSUE - 1, soft_mm=1.2)
        canvas.fill(left.astype(np.float32), BLOOD + 4, FLUID_GAIN / 4, soft_mm=1.4)
        canvas.fill(right, BLOOD + 5, FLUID_GAIN / 4, soft_mm=1.6)
        canvas.fill(distance, BLOOD + 3, FLUID_GAIN / 4, soft_mm=1.4)
        canvas.line(distance, BRIGHT - 8, 0.8, scatter=0.35)
        self._valve(canvas, side, axial, base, half * across, moment.pulse)

    def _right_heart(self, canvas: Canvas, side: Field, axial: Field, base: float, reach: float) -> Field:
        """Signed distance, roughly in mm, of right ventricle and right atrium, to the left in the image."""
        middle = -(reach + 13.0)
        chamber = (np.hypot((side - middle) / 14.0, (axial - 0.66 * base) / (0.42 * base)) - 1) * 13
        atrium = (np.hypot((side - middle + 2) / 16.0, (axial - base - 19) / 17.0) - 1) * 16
        either = np.minimum(chamber, atrium).astype(np.float32)
        canvas.fill(either - np.float32(4.0), MUSCLE + 3, soft_mm=1.6)
        ring = (np.abs(axial - np.float32(base)) - 0.4 + 6 * (np.abs(side - middle) > 14)).astype(np.float32)
        canvas.line(ring, BRIGHT - 8, 0.8, scatter=0.35)
        return np.asarray(either)

    def _valve(self, canvas: Canvas, side: Field, axial: Field, base: float, half: float, pulse: float) -> None:
        """Two mitral leaflets from the ring: closed while the cavity empties, hanging into it while it fills."""
        ring = 0.72 * half
        opened = 0.25 + 0.9 * float(np.clip(4 * pulse * (1 - pulse), 0, 1))
        for sign in (-1.0, 1.0):
            along = (np.float32(sign) * side - np.float32(ring)) * np.float32(-1)
            line = axial - np.float32(base) + np.float32(0.25 + 0.5 * opened) * along
            inside = (along > 0) & (along < ring * (1.0 - 0.55 * min(opened, 1.0) * 0.6))
            canvas.line((np.abs(line) + 10 * ~inside).astype(np.float32), BRIGHT - 5, 0.8, scatter=0.5)

    def outlines(self, moment: Moment) -> dict[str, Points]:
        return {"left_ventricle_cavity": self._cavity_points(moment)}

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        areas = [area_of(self._cavity_points(moment)) / 100 for moment in moments]
        volumes = [across**2 * along for across, along in map(self._factors, moments)]
        measured = {
            "left_ventricle_end_diastolic_area": max(areas),
            "left_ventricle_end_systolic_area": min(areas),
            "left_ventricle_area_change": 100 * (1 - min(areas) / max(areas)),
            "left_ventricular_ejection_fraction": 100 * (1 - min(volumes) / max(volumes)),
        }
        return measured if len(moments) > 1 else {}
