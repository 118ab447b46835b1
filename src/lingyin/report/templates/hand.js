// Calipers and outlines drawn by hand over the clip viewer, by pointer or by keyboard. Points are pixels of the picture.
"use strict";
function handTools(host) {
  const { data, overlay, unit, element, caliper, fill, words, tell } = host;
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const hand = { tool: null, cross: null, points: [], made: [] };

  function draw() {
    const frame = host.frame();
    const size = 15 * unit();
    const group = element("g", { class: "hand" });
    hand.made.filter((each) => each.frame === frame).forEach((each) => {
      const d = each.kind === "caliper" ? caliper(...each.points) : path(each.points) + "Z";
      group.append(element("path", { class: "halo", d }), element("path", { class: "ink byhand", d }));
      if (each.kind === "caliper") {
        const [x, y] = each.points[each.points[0][0] > each.points[1][0] ? 0 : 1];
        const text = element("text", { x: x + size / 3, y: y + size, "font-size": size, "stroke-width": size / 4 });
        text.textContent = each.length;
        group.append(text);
      }
    });
    if (hand.points.length) {
      const d = path(hand.points);
      group.append(element("path", { class: "halo", d }), element("path", { class: "ink byhand", d }));
      hand.points.forEach(([cx, cy]) => group.append(element("circle", { class: "ink byhand", cx, cy, r: 3 * unit() })));
    }
    if (hand.tool && hand.cross) {
      const [x, y] = hand.cross;
      const arm = 9 * unit();
      const d = `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`;
      group.append(element("path", { class: "halo", d }), element("path", { class: "ink byhand", d }));
    }
    if (group.childElementCount) { overlay.append(group); }
  }

  const path = (points) => points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");

  function length([a, b]) {
    const [left, top, right, bottom] = data.scale.box;
    const inside = ([x, y]) => x >= left && x <= right && y >= top && y <= bottom;
    if (!data.scale.mm || !inside(a) || !inside(b)) { return words().no_scale; }
    return `${Math.hypot((b[0] - a[0]) * data.scale.mm[0], (b[1] - a[1]) * data.scale.mm[1]).toFixed(1)}\u00a0mm`;
  }

  function take(tool) {
    const seen = host.seen();
    hand.tool = tool;
    hand.points = [];
    hand.cross = tool ? [seen.x + seen.w / 2, seen.y + seen.h / 2] : null;
    overlay.classList.toggle("drawing", Boolean(tool));
    all("button[data-do=measure]").forEach((each) => each.setAttribute("aria-pressed", String(tool === "caliper")));
    all(".drawing-hint").forEach((each) => { each.hidden = !tool; });
    if (tool) {
      host.stop();
      overlay.focus();
    }
    host.draw();
  }

  function put(point) {
    hand.points.push(point);
    if (hand.tool === "caliper" && hand.points.length === 2) { finish(); } else { host.draw(); }
  }

  // A caliper or an outline is done: it stays on its frame, and the page around this one, if any, hears of it.
  function finish() {
    const [kind, points] = [hand.tool, hand.points];
    if (points.length < (kind === "caliper" ? 2 : 3)) { take(null); return; }
    const frame = host.frame();
    const made = { kind, frame, points, length: kind === "caliper" ? length(points) : "" };
    hand.made = [...hand.made.filter((each) => each.kind === "caliper" || each.frame !== frame), made];
    take(null);
    if (kind === "caliper") {
      const n = hand.made.filter((each) => each.kind === "caliper").length;
      document.getElementById("chosen").textContent = fill(words().measured, { n, value: made.length });
    }
    const [w, h] = data.scale.stored;
    const stored = points.map(([x, y]) => [
      Math.round((x * w / data.width - 0.5) * 100) / 100, Math.round((y * h / data.height - 0.5) * 100) / 100]);
    tell({ kind, frame, points: stored, length: made.length });
  }

  const spot = (event) => {
    const seen = host.seen();
    const box = overlay.getBoundingClientRect();
    const scale = Math.max(seen.w / box.width, seen.h / box.height);
    return [
      Math.min(Math.max(seen.x + seen.w / 2 + (event.clientX - box.left - box.width / 2) * scale, 0), data.width),
      Math.min(Math.max(seen.y + seen.h / 2 + (event.clientY - box.top - box.height / 2) * scale, 0), data.height)];
  };
  let grip = null;
  overlay.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) { return; }
    const seen = host.seen();
    const at = spot(event);
    if (hand.tool) {
      hand.cross = at;
      put(at);
      grip = hand.tool === "outline" ? { last: at } : null;
    } else if (seen.w < data.width) {
      grip = { from: [event.clientX, event.clientY], seen: { ...seen } };
    }
    if (grip) { overlay.setPointerCapture(event.pointerId); }
    event.preventDefault();
  });
  overlay.addEventListener("pointermove", (event) => {
    if (!grip) { return; }
    if (grip.from) {
      const scale = unit();
      host.move(grip.seen.x - (event.clientX - grip.from[0]) * scale, grip.seen.y - (event.clientY - grip.from[1]) * scale);
      return;
    }
    const at = spot(event);
    if (Math.hypot(at[0] - grip.last[0], at[1] - grip.last[1]) > 6 * unit()) { grip.last = at; put(at); }
  });
  overlay.addEventListener("pointerup", () => {
    const drawn = grip && grip.last && hand.tool === "outline" && hand.points.length > 8;
    grip = null;
    if (drawn) { finish(); }
  });

  // Keys while something is being drawn: arrows move the cross, Enter sets a point, Escape stops, C closes an outline.
  function drawingKey(event, key) {
    const far = (event.shiftKey ? 10 : 1) * unit();
    const [x, y] = hand.cross;
    const to = { arrowleft: [x - far, y], arrowright: [x + far, y], arrowup: [x, y - far], arrowdown: [x, y + far] }[key];
    if (to) {
      hand.cross = [Math.min(Math.max(to[0], 0), data.width), Math.min(Math.max(to[1], 0), data.height)];
      host.draw();
    } else if (key === "enter" && !event.target.closest("button, a, select")) {
      put([...hand.cross]);
    } else if (key === "c" && hand.tool === "outline") {
      finish();
    } else if (key === "escape") {
      take(null);
    } else {
      return false;
    }
    return true;
  }

  return { draw, take, key: drawingKey, tool: () => hand.tool, clear: () => { hand.made = []; take(null); } };
}
