// The clip viewer of a report: plays the frames held in the page, and shows the evidence of a sentence.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const canvas = document.getElementById("screen");
  const overlay = document.getElementById("overlay");
  const context = canvas.getContext("2d");
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const last = data.frames.length - 1;
  const state = { position: 0, playing: false, speed: 1, outlines: true, finding: null, from: null, timer: 0 };
  const whole = { x: 0, y: 0, w: data.width, h: data.height };
  let seen = { ...whole }; // the part of the picture that is shown

  // Each frame becomes one decoded picture; a frame that is also a key picture is taken from there.
  const pictures = data.frames.map((frame) => {
    const image = new Image();
    image.src = frame.src || document.getElementById("key-" + frame.index).src;
    image.onload = () => { if (data.frames[state.position] === frame) { paint(); } };
    return image;
  });
  const steps = data.frames.slice(1).map((frame, at) => frame.time - data.frames[at].time);
  const usual = steps.length ? steps.slice().sort((a, b) => a - b)[steps.length >> 1] : 0.04;

  const words = () => data.words[root.lang];
  const fill = (text, slots) => text.replace(/\{(\w+)\}/g, (_, key) => slots[key]);
  const element = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    return made;
  };

  function outline(shape, kind) {
    const look = { class: kind, stroke: shape.colour };
    if (kind === "ink" && shape.kind === "polygon") { look["stroke-dasharray"] = shape.dash; }
    const [a, b] = shape.points;
    if (shape.kind === "polygon") {
      return element("polygon", { ...look, points: shape.points.map((point) => point.join(",")).join(" ") });
    }
    if (shape.kind === "box") {
      return element("rect", { ...look, x: a[0], y: a[1], width: b[0] - a[0], height: b[1] - a[1] });
    }
    if (shape.kind === "line") {
      return element("path", { ...look, class: kind + " caliper", d: caliper(a, b) });
    }
    return element("path", { ...look, d: shape.points.map(([x, y]) => `M${x - 5} ${y}h10M${x} ${y - 5}v10`).join("") });
  }

  // A line with a short bar across either end, as a scanner draws it.
  function caliper(a, b) {
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const bar = 6 * unit();
    const x = (-(b[1] - a[1]) / length) * bar;
    const y = ((b[0] - a[0]) / length) * bar;
    const end = (point) => `M${point[0] - x} ${point[1] - y}L${point[0] + x} ${point[1] + y}`;
    return `M${a[0]} ${a[1]}L${b[0]} ${b[1]}` + end(a) + end(b);
  }

  // One screen pixel in picture pixels; the picture may have bars on two sides.
  const unit = () => Math.max(
    seen.w / (overlay.clientWidth || data.width), seen.h / (overlay.clientHeight || data.height));

  function label(shape) {
    const text = data.findings[shape.finding].value[root.lang];
    if (!text || shape.kind === "box") { return null; }
    const corner = shape.points.reduce((best, point) => (point[0] > best[0] ? point : best));
    const size = 15 * unit();
    const right = corner[0] > data.width * 0.7;
    const made = element("text", {
      x: corner[0] + (right ? -size / 2 : size / 2),
      y: Math.min(Math.max(corner[1] - size / 2, size), data.height - size / 2),
      "font-size": size, "text-anchor": right ? "end" : "start", "stroke-width": size / 4,
    });
    made.textContent = text;
    return made;
  }

  function draw() {
    overlay.setAttribute("viewBox", [seen.x, seen.y, seen.w, seen.h].join(" "));
    overlay.replaceChildren();
    hand.draw();
    if (!state.outlines) { return; }
    const shapes = data.frames[state.position].shapes;
    const chosen = shapes.filter((shape) => shape.finding !== null && shape.finding === state.finding);
    const hidden = (shape) => shape.twin || (shape.kind === "box" && shape.finding !== null);
    const others = shapes.filter((shape) => !chosen.includes(shape) && !hidden(shape));
    const group = element("g", { class: chosen.length ? "others dim" : "others" });
    others.forEach((shape) => group.append(outline(shape, "halo"), outline(shape, "ink")));
    const front = element("g", { class: "chosen" });
    chosen.forEach((shape) => front.append(outline(shape, "halo"), outline(shape, "ink")));
    const texts = chosen.map(label).filter(Boolean);
    overlay.prepend(group, front, ...texts.slice(-1));
  }

  function paint() {
    const image = pictures[state.position];
    if (image.complete && image.naturalWidth) {
      const [x, y] = [image.naturalWidth / data.width, image.naturalHeight / data.height];
      context.drawImage(image, seen.x * x, seen.y * y, seen.w * x, seen.h * y, 0, 0, canvas.width, canvas.height);
    }
  }

  function show(position) {
    state.position = Math.min(Math.max(position, 0), last);
    const frame = data.frames[state.position];
    paint();
    draw();
    const text = fill(words().frame_status, { n: frame.index + 1, total: data.total, t: frame.time.toFixed(2) });
    document.getElementById("status").textContent = text;
    canvas.setAttribute("aria-label", text);
    all("input[data-do=seek]").forEach((slider) => {
      slider.value = state.position;
      slider.setAttribute("aria-valuetext", text);
    });
    all("svg.curve").forEach((curve) => {
      const first = Number(curve.dataset.first);
      const span = Number(curve.dataset.last) - first;
      const x = 6 + (308 * (frame.index - first)) / span;
      const inside = x >= 5 && x <= 315;
      curve.querySelector(".cursor").setAttribute("d", inside ? `M${x.toFixed(1)} 0V72` : "");
    });
  }

  function play(on) {
    state.playing = on && last > 0;
    clearTimeout(state.timer);
    document.getElementById("status").setAttribute("aria-live", state.playing ? "off" : "polite");
    all("button[data-do=play]").forEach((button) => {
      button.textContent = state.playing ? button.dataset.pause : button.dataset.play;
    });
    if (state.playing) { tick(performance.now()); }
  }

  // Frames follow at their own times; lateness of the browser does not add up.
  function tick(due) {
    const step = state.position < last ? steps[state.position] : usual;
    const next = due + (1000 * Math.max(step, 0.005)) / state.speed;
    state.timer = setTimeout(() => {
      show(state.position < last ? state.position + 1 : 0);
      tick(Math.max(next, performance.now() - 250));
    }, Math.max(0, next - performance.now()));
  }

  function choose(finding, index, from) {
    play(false);
    state.finding = finding;
    state.from = from;
    state.outlines = true;
    all("input[data-do=outlines]").forEach((box) => { box.checked = true; });
    const at = data.frames.findIndex((frame) => frame.index === index);
    show(at < 0 ? 0 : at);
    mark();
    tell({ kind: "chosen", finding, frame: data.frames[state.position].index });
    const viewer = document.getElementById("viewer");
    const box = viewer.getBoundingClientRect();
    const away = box.top < -40 || box.top > innerHeight * 0.6;
    if (away) { viewer.scrollIntoView({ block: "start" }); }
    all("button[data-do=back]").forEach((button) => { button.hidden = !away; });
  }

  function mark() {
    all("[data-finding]").forEach((each) => {
      const on = state.finding !== null && Number(each.dataset.finding) === state.finding;
      if (each.matches("li")) { each.setAttribute("aria-current", String(on)); }
      if (each.matches("button")) {
        each.setAttribute("aria-pressed", String(on && Number(each.dataset.frame) === data.frames[state.position].index));
      }
    });
    const finding = data.findings[state.finding];
    const name = finding ? finding.name[root.lang] : "";
    document.getElementById("chosen").textContent = finding ? [name, finding.value[root.lang]].join(" ").trim() : "";
  }

  function speak(lang) {
    root.lang = lang;
    document.title = words().title + " · " + document.querySelector("h1 .file").textContent;
    document.getElementById("viewer").setAttribute("aria-label", words().viewer);
    all("[data-choose]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.choose === lang));
    });
    show(state.position);
    mark();
  }

  // Looking closer: a part of the picture, moved by dragging; brightness and contrast of what is shown.
  function zoom(factor, at = [seen.x + seen.w / 2, seen.y + seen.h / 2]) {
    const w = Math.min(data.width, Math.max(data.width / 12, seen.w / factor));
    const h = (w * data.height) / data.width;
    move(at[0] - ((at[0] - seen.x) * w) / seen.w, at[1] - ((at[1] - seen.y) * h) / seen.h, w, h);
  }

  function move(x, y, w = seen.w, h = seen.h) {
    seen = { x: Math.min(Math.max(x, 0), data.width - w), y: Math.min(Math.max(y, 0), data.height - h), w, h };
    paint();
    draw();
  }

  const hand = handTools({
    data, overlay, unit, element, caliper, fill, words, draw, move, tell,
    seen: () => seen,
    frame: () => data.frames[state.position].index,
    stop: () => play(false),
  });

  const light = { brightness: 100, contrast: 100 };
  function shine(name, value) {
    light[name] = Number(value);
    canvas.style.filter = `brightness(${light.brightness}%) contrast(${light.contrast}%)`;
    all(`input[data-do=${name}]`).forEach((each) => { each.value = value; });
  }

  // A page that shows this one in a frame (the ward's) is told what was chosen or drawn, and may ask for a tool.
  function tell(what) { if (parent !== window) { parent.postMessage({ lingyin: what }, "*"); } }

  addEventListener("message", (event) => {
    const asked = event.source === parent && parent !== window && event.data && event.data.lingyin;
    if (!asked) { return; }
    if (asked.kind === "tool") { hand.take(["caliper", "outline"].includes(asked.tool) ? asked.tool : null); }
    if (asked.kind === "show" && data.findings[asked.finding]) { choose(asked.finding, Number(asked.frame), null); }
  });

  const actions = {
    zoomin: () => zoom(1.5),
    zoomout: () => zoom(1 / 1.5),
    whole: () => { seen = { ...whole }; shine("brightness", 100); shine("contrast", 100); paint(); draw(); },
    measure: () => hand.take(hand.tool() ? null : "caliper"),
    clear: () => hand.clear(),
    previous: () => { play(false); show(state.position - 1); },
    next: () => { play(false); show(state.position + 1); },
    play: () => play(!state.playing),
    larger: () => {
      const viewer = document.getElementById("viewer");
      if (document.fullscreenElement) { document.exitFullscreen(); } else { viewer.requestFullscreen(); }
    },
    back: () => { if (state.from) { state.from.scrollIntoView({ block: "center" }); state.from.focus(); } },
  };
  const changes = {
    brightness: (control) => shine("brightness", control.value),
    contrast: (control) => shine("contrast", control.value),
    seek: (control) => { play(false); show(Number(control.value)); },
    speed: (control) => {
      state.speed = Number(control.value);
      all("select[data-do=speed]").forEach((each) => { each.value = control.value; });
    },
    outlines: (control) => {
      state.outlines = control.checked;
      all("input[data-do=outlines]").forEach((each) => { each.checked = control.checked; });
      draw();
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && button.dataset.choose) { speak(button.dataset.choose); return; }
    if (button && actions[button.dataset.do]) { actions[button.dataset.do](); return; }
    const evidence = event.target.closest("[data-frame]");
    if (!evidence || event.target.closest("a") || !getSelection().isCollapsed) { return; }
    const focus = evidence.matches("button") ? evidence : evidence.querySelector("button");
    choose(Number(evidence.dataset.finding), Number(evidence.dataset.frame), focus);
  });
  document.addEventListener("input", (event) => {
    const change = changes[event.target.dataset.do];
    if (change) { change(event.target); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) { return; }
    const busy = event.target.closest("button, input, select, a");
    const key = event.key.toLowerCase();
    if (hand.tool() && !event.target.closest("input, select") && hand.key(event, key)) { event.preventDefault(); return; }
    if (key === "m") {
      actions.measure();
    } else if (key === "+" || key === "=") {
      actions.zoomin();
    } else if (key === "-") {
      actions.zoomout();
    } else if (key === "0") {
      actions.whole();
    } else if (key === "o") {
      state.outlines = !state.outlines;
      all("input[data-do=outlines]").forEach((box) => { box.checked = state.outlines; });
      draw();
    } else if (key === "arrowleft" && !event.target.closest("input, select")) {
      actions.previous();
    } else if (key === "arrowright" && !event.target.closest("input, select")) {
      actions.next();
    } else if (key === " " && !busy && last > 0) {
      actions.play();
    } else {
      return;
    }
    event.preventDefault();
  });
  addEventListener("resize", draw);
  root.classList.add("scripted");
  const start = data.frames.findIndex((frame) => frame.index >= data.start);
  state.position = start < 0 ? 0 : start;
  const reader = /^zh/i.test(navigator.language) ? (/hant|tw|hk|mo/i.test(navigator.language) ? "zh-Hant" : "zh-Hans") : "en";
  speak([location.hash.slice(1), reader, root.lang].find((lang) => data.words[lang]));
})();
