// The worklist: studies in progress, followed by their events, and results with the most urgent first.
import { ask } from "./api.js";
import { find, lang, make, news, say } from "./words.js";

const PART = 50;
const LOOK_AGAIN_MS = 5000;
let shown = PART;
let ended = { total: 0, studies: [] };
let waiting = { total: 0, studies: [] };
let followed = null;
let timer = null;
let drawn = "";
const pictures = new Map();

export function startList() {
  find("more").onclick = () => {
    shown += PART;
    refresh();
  };
  refresh();
}

export function stopList() {
  clearTimeout(timer);
  followed?.close();
  followed = null;
}

export async function refresh() {
  clearTimeout(timer);
  try {
    [waiting, ended] = await Promise.all([ask(`/studies?state=waiting&limit=${PART}`), allEnded()]);
    find("offline").hidden = true;
  } catch (problem) {
    if (problem.status === 401) return;
    find("offline").hidden = false;
  }
  const now = JSON.stringify([waiting, ended]);
  if (now !== drawn) draw();
  follow();
  timer = setTimeout(refresh, LOOK_AGAIN_MS);
}

async function allEnded() {
  const studies = [];
  let total = 0;
  do {
    const part = await ask(`/studies?state=ended&offset=${studies.length}&limit=${Math.min(200, shown - studies.length)}`);
    total = part.total;
    studies.push(...part.studies);
    if (!part.studies.length) break;
  } while (studies.length < Math.min(shown, total));
  return { total, studies };
}

// One stream at a time, for the study at the head: browsers allow few connections to one server.
function follow() {
  const head = waiting.studies.find((study) => study.state === "running") ?? waiting.studies[0];
  if (followed?.key === head?.id) return;
  followed?.close();
  followed = null;
  if (!head) return;
  followed = new EventSource(`/studies/${head.id}/events`);
  followed.key = head.id;
  followed.addEventListener("stage", (event) => {
    const study = JSON.parse(event.data);
    waiting.studies = waiting.studies.map((each) => (each.id === study.id ? study : each));
    drawWaiting();
  });
  for (const kind of ["done", "failed", "deleted"]) {
    followed.addEventListener(kind, (event) => {
      followed?.close();
      followed = null;
      if (kind === "done") news(say("list.done", { name: JSON.parse(event.data).name }));
      refresh();
    });
  }
}

export function focusOn(key) {
  (find("rows").querySelector(`[data-key="${key}"]`) ?? find("ended")).focus();
}

export function draw() {
  drawn = JSON.stringify([waiting, ended]);
  drawWaiting();
  find("table").hidden = ended.studies.length === 0;
  find("count").textContent = ended.total ? say("list.count", { n: ended.total }) : say("list.empty");
  find("more").hidden = ended.studies.length >= ended.total;
  const active = document.activeElement?.dataset?.key;
  find("rows").replaceChildren(...ended.studies.map(row));
  if (active) focusOn(active);
}

function drawWaiting() {
  find("waiting-section").hidden = waiting.studies.length === 0;
  find("waiting-count").textContent = waiting.total > 1 ? `(${waiting.total})` : "";
  find("waiting").replaceChildren(
    ...waiting.studies.map((study) =>
      make(
        "li",
        {},
        make("span", { class: "name" }, study.name),
        make("span", { class: "said" }, study.stage ? say(`stage.${study.stage}`) : say("list.queued")),
        study.state === "running" ? make("progress", { max: 1, value: study.progress, "aria-label": study.name }) : null,
      ),
    ),
  );
}

function row(study) {
  const state = study.state === "failed" ? "failed" : study.triage;
  const word = study.state === "failed" ? say("list.failed") : say(`triage.${study.triage}`);
  const sign = make("span", { class: "sign", "aria-hidden": "true" });
  const remove = make("button", { type: "button", "data-key": `delete-${study.id}`, onclick: () => sure(study) }, say("list.delete"));
  remove.setAttribute("aria-label", `${say("list.delete")}: ${study.name}`);
  const open = make("button", { type: "button", class: "main", "data-key": `open-${study.id}` }, say("list.open"));
  open.setAttribute("aria-label", `${say("list.open")}: ${study.name}`);
  open.addEventListener("click", () => (location.hash = `study=${study.id}`));
  return make(
    "tr",
    { class: state },
    make("td", { "data-head": say("list.triage") }, make("span", { class: `flag ${state}` }, sign, word), standing(study)),
    make("td", { class: "picture" }, study.state === "done" ? picture(study) : null),
    make("th", { scope: "row" }, study.name),
    make(
      "td",
      { "data-head": say("list.organ") },
      study.organ ? study.organ[lang] : "–",
      study.error ? make("span", { class: "why", lang: "en" }, study.error) : null,
    ),
    make("td", { "data-head": say("list.time") }, time(study.finished ?? study.created)),
    make("td", {}, make("span", { class: "actions" }, study.state === "done" ? open : null, remove)),
  );
}

function standing(study) {
  return study.status ? make("span", { class: `standing ${study.status}` }, say(`status.${study.status}`)) : null;
}

// Kept between drawings, so that it is fetched once.
function picture(study) {
  let image = pictures.get(study.id);
  if (!image) {
    image = make("img", { src: `/studies/${study.id}/files/thumbnail.jpg`, alt: "", loading: "lazy", width: 80, height: 60 });
    pictures.set(study.id, image);
  }
  return image;
}

function time(text) {
  const when = new Date(text);
  const shape = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
  return make("time", { datetime: text }, shape.format(when));
}

function sure(study) {
  const dialog = find("sure");
  find("sure-text").textContent = say("list.really", { name: study.name });
  dialog.onclose = () => focusOn(`delete-${study.id}`); // the row may have been drawn anew meanwhile
  find("sure-no").onclick = () => dialog.close();
  find("sure-yes").onclick = async () => {
    dialog.close();
    await ask(`/studies/${study.id}`, "DELETE").catch(() => null);
    await refresh();
    find("ended").focus();
  };
  dialog.showModal();
  find("sure-no").focus();
}
