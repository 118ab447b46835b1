// A physician's work beside the report: choose a finding, correct or reject it, draw a caliper or outline, sign.
import { ask } from "./api.js";
import { find, lang, make, news, say } from "./words.js";

const SIDES = ["left", "right", "bilateral"];
let study = null; // of the worklist
let report = null; // its report.json
let seen = ""; // hash of what is looked at
let chosen = null; // index of a finding
let drawn = null; // the latest caliper or outline from the report
let asked = null; // the tool that this page asked the report for
let edits = [];
let catalogue = null;
let reload = () => {};

export function startReview(after) {
  reload = after;
  addEventListener("message", heard);
  find("review-pick").addEventListener("change", () => pick(find("review-pick").value === "" ? null : Number(find("review-pick").value), true));
  find("review-apply").addEventListener("click", apply);
  find("review-reject").addEventListener("click", () => keep({ action: "reject", ...target() }));
  find("review-caliper").addEventListener("click", () => askTool("caliper"));
  find("review-outline").addEventListener("click", () => askTool("outline"));
  find("review-add").addEventListener("click", add);
  find("sign-form").addEventListener("submit", sign);
  find("history").addEventListener("toggle", () => find("history").open && history());
  addEventListener("beforeunload", (event) => unsaved() && event.preventDefault());
  document.addEventListener("spoken", () => report && draw());
}

export async function openReview(record, base) {
  study = record;
  [edits, chosen, drawn, asked] = [[], null, null, null];
  find("review-problem").hidden = true;
  find("sign-comment").value = "";
  find("history").open = false;
  seen = record.report_sha256; // asked before the report itself: one that changes in between is not signed
  report = await ask(`${base}report.json`);
  draw();
}

// Who saw, changed and signed this study.
async function history() {
  const log = await ask(`/audit?limit=200&study=${encodeURIComponent(study.id)}`);
  find("history-lines").replaceChildren(
    ...log.lines.map((line) =>
      make("li", {}, make("time", { datetime: line.at }, new Date(line.at).toLocaleString(lang)), ` ${line.action} `, make("span", { class: "quiet" }, line.who))),
  );
}

export const unsaved = () => edits.length > 0;

// The report speaks from an origin of its own: what it says is a proposal that the physician sees before signing.
function heard(event) {
  const told = event.source === find("frame").contentWindow && event.data && event.data.lingyin;
  if (!told || !report) return;
  // The report echoes what this page chose; to pick it again would undo what has been entered meanwhile.
  if (told.kind === "chosen" && told.finding !== chosen && report.findings[told.finding]) pick(told.finding, false);
  // What was measured with the report's own tools is only looked at: it is taken where this page asked for it.
  if (told.kind === asked && Array.isArray(told.points)) {
    const points = told.points.filter((point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite));
    if (points.length !== told.points.length || !Number.isInteger(told.frame)) return;
    asked = null;
    drawn = { kind: told.kind, frame: told.frame, points, length: String(told.length) };
    drawEditor();
    news(find("review-drawn").textContent);
  }
}

function askTool(tool) {
  asked = tool;
  find("frame").contentWindow.postMessage({ lingyin: { kind: "tool", tool } }, "*");
  find("frame").focus();
}

function pick(index, show) {
  if (chosen !== index) [drawn, asked] = [null, null];
  chosen = index;
  find("review-pick").value = index ?? "";
  drawEditor();
  const evidence = index === null ? null : report.findings[index].evidence[0];
  if (show && evidence) find("frame").contentWindow.postMessage({ lingyin: { kind: "show", finding: index, frame: evidence.frame } }, "*");
}

const nameOf = (finding) => (finding.name[lang] ?? finding.code) + (finding.laterality ? ` (${say(`review.${finding.laterality}`)})` : "");
const target = () => ({ code: report.findings[chosen].code, finding: chosen });

function draw() {
  const options = report.findings.map((finding, index) => make("option", { value: index }, nameOf(finding)));
  find("review-pick").replaceChildren(make("option", { value: "" }, say("review.choose")), ...options);
  find("review-pick").value = chosen ?? "";
  const signature = report.signatures.at(-1);
  find("review-status").textContent = signature
    ? say("review.signed", { by: signature.by, at: new Date(signature.at).toLocaleString(lang) })
    : say("review.preliminary");
  find("review-hash").textContent = signature ? signature.sha256 : "";
  drawEditor();
  drawEdits();
}

function drawEditor() {
  const finding = chosen === null ? null : report.findings[chosen];
  find("review-editor").hidden = !finding;
  if (!finding) return;
  const measured = finding.value !== null;
  find("review-value-field").hidden = !measured;
  find("review-certainty-field").hidden = measured;
  find("review-value").value = measured ? Number(finding.value.toFixed(3)) : "";
  find("review-unit").textContent = finding.unit === "1" ? "" : finding.unit ?? "";
  find("review-certainty").replaceChildren(
    ...["present", "absent", "unsure"].map((each) => make("option", { value: each }, say(`review.${each}`))));
  find("review-certainty").value = finding.certainty;
  find("review-caliper").hidden = !["mm", "cm"].includes(finding.unit);
  find("review-outline").hidden = !finding.evidence.some((each) => each.label);
  find("review-side").replaceChildren(
    make("option", { value: "" }, say("review.noside")),
    ...SIDES.map((each) => make("option", { value: each }, say(`review.${each}`))));
  find("review-side").value = finding.laterality ?? "";
  find("review-drawn").textContent = drawn
    ? say(`review.drawn${drawn.kind}`, { n: drawn.frame + 1, length: drawn.length })
    : "";
}

function drawEdits() {
  find("review-edits").replaceChildren(
    ...edits.map((edit, at) =>
      make("li", {}, make("span", {}, describe(edit)),
        make("button", { type: "button", "aria-label": `${say("review.undo")}: ${describe(edit)}`, onclick: () => undo(at) }, say("review.undo")))),
  );
  find("sign-count").textContent = edits.length ? say("review.changes", { n: edits.length }) : say("review.nochange");
}

function describe(edit) {
  const finding = edit.finding === undefined ? null : report.findings[edit.finding];
  const name = finding ? nameOf(finding) : (catalogue?.find((each) => each.code === edit.code)?.name[lang] ?? edit.code);
  const parts = [];
  if (edit.action === "reject") parts.push(say("review.rejected"));
  if (edit.action === "add") parts.push(say("review.added"));
  if (edit.value !== undefined) parts.push(String(edit.value));
  if (edit.certainty) parts.push(say(`review.${edit.certainty}`));
  if (edit.laterality) parts.push(say(`review.${edit.laterality}`));
  if (edit.caliper) parts.push(say("review.caliper"));
  if (edit.outline) parts.push(say("review.outline"));
  return `${name}: ${parts.join(", ")}`;
}

function keep(edit) {
  // A later correction of the same finding replaces the earlier one.
  edits = [...edits.filter((each) => edit.finding === undefined || each.finding !== edit.finding), edit];
  drawn = null;
  drawEdits();
  drawEditor();
  news(describe(edit));
}

function undo(at) {
  edits = edits.filter((_, index) => index !== at);
  drawEdits();
  find("review-pick").focus();
}

function apply() {
  const finding = report.findings[chosen];
  const edit = { action: "set", ...target() };
  const value = Number(find("review-value").value);
  if (finding.value !== null && find("review-value").value !== "" && Math.abs(value - Number(finding.value.toFixed(3))) > 1e-9) edit.value = value;
  if (finding.value === null && find("review-certainty").value !== finding.certainty) edit.certainty = find("review-certainty").value;
  if (find("review-side").value && find("review-side").value !== finding.laterality) edit.laterality = find("review-side").value;
  Object.assign(edit, evidence(finding));
  if (Object.keys(edit).length > 3) keep(edit);
  else news(say("review.nochange"));
}

// What was drawn by hand, as evidence. An outline belongs to the structure that the finding's own evidence names.
function evidence(finding) {
  if (!drawn) return {};
  if (drawn.kind === "caliper") return { caliper: { frame: drawn.frame, points: drawn.points } };
  const label = finding.evidence.find((each) => each.label)?.label ?? finding.code;
  return { outline: { frame: drawn.frame, label, polygons: [drawn.points] } };
}

async function add() {
  catalogue ??= await ask("/catalogue");
  const list = find("catalogue");
  if (list.dataset.lang !== lang) {
    list.dataset.lang = lang;
    list.replaceChildren(...catalogue.map((each) => make("option", { value: each.name[lang] ?? each.code })));
  }
  const dialog = find("adding");
  const entry = () => catalogue.find((each) => (each.name[lang] ?? each.code) === find("add-name").value);
  find("add-name").value = "";
  find("add-value").value = "";
  find("add-name").oninput = () => {
    find("add-value-field").hidden = !entry()?.unit;
    find("add-unit").textContent = entry()?.unit ?? "";
  };
  find("add-name").oninput();
  find("add-no").onclick = () => dialog.close();
  find("add-yes").onclick = () => {
    const found = entry();
    const value = find("add-value").value;
    if (!found || (found.unit && value === "")) {
      find(found ? "add-value" : "add-name").focus();
      return;
    }
    dialog.close();
    keep(found.unit ? { action: "add", code: found.code, value: Number(value) } : { action: "add", code: found.code, certainty: "present" });
  };
  dialog.showModal();
  find("add-name").focus();
}

async function sign(event) {
  event.preventDefault();
  const button = find("sign-yes");
  button.disabled = true;
  button.textContent = say("review.signing");
  find("review-problem").hidden = true;
  const body = {
    by: find("sign-name").value.trim(),
    organisation: find("sign-place").value.trim() || null,
    comment: find("sign-comment").value.trim() || null,
    seen_sha256: seen,
    edits,
  };
  try {
    const signed = await ask(`/studies/${encodeURIComponent(study.id)}/signature`, "POST", body);
    edits = [];
    news(say("review.signed", { by: signed.by, at: new Date(signed.at).toLocaleString(lang) }));
    await reload();
    find("review-status").focus();
  } catch (problem) {
    find("review-problem").textContent = `${say("review.failed")} ${problem.message}`;
    find("review-problem").hidden = false;
  }
  button.disabled = false;
  button.textContent = say("review.sign");
}
