// Uploads: dropped or chosen files go one after the other, each with its progress; a busy server is asked again.
import { send } from "./api.js";
import { find, make, news, say } from "./words.js";

let line = Promise.resolve();

export function watchUploads(accepted) {
  const drop = find("drop");
  const input = find("files");
  find("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add([...input.files], accepted);
    input.value = "";
  });
  // A file dropped beside the box must not replace the page.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
  document.addEventListener("dragover", () => drop.classList.add("over"));
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && drop.classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    drop.classList.remove("over");
    if (find("desk").hidden) return;
    add(await dropped(event.dataTransfer), accepted);
  });
}

// Files of a drop, those in folders too.
async function dropped(transfer) {
  const plain = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const files = [];
  const walk = async (entry) => {
    if (entry.name.startsWith(".")) return;
    if (entry.isFile) {
      files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const each of some) await walk(each);
    }
  };
  for (const entry of entries) if (entry) await walk(entry);
  return files;
}

// A sidecar (scan.mp4.json) travels with its scan.
function grouped(files) {
  const names = new Set(files.map((file) => file.name));
  const owner = (file) => file.name.endsWith(".json") && names.has(file.name.slice(0, -5));
  return files
    .filter((file) => !owner(file))
    .map((file) => [file, ...files.filter((other) => other.name === `${file.name}.json`)]);
}

function add(files, accepted) {
  for (const group of grouped(files)) {
    const said = make("span", { class: "said" }, say("list.queued"));
    const bar = make("progress", { max: 1, value: 0, "aria-label": group[0].name });
    const item = make("li", {}, make("span", { class: "name" }, group[0].name), said, bar);
    find("uploads").append(item);
    line = line.then(() => one(group, item, said, bar, accepted));
  }
}

async function one(group, item, said, bar, accepted) {
  for (;;) {
    said.textContent = say("upload.sending");
    const { status, wait, body } = await send(group, (share) => {
      bar.value = share;
      if (share === 1) said.textContent = say("upload.storing");
    });
    if (status === 202) {
      item.remove();
      for (const refusal of body.refused) complain(refusal.name, refusal.reason);
      accepted(body.studies);
      return;
    }
    if (status === 429 || status === 503) {
      said.textContent = say("upload.busy", { n: wait });
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
      continue;
    }
    item.remove();
    complain(group[0].name, status === 0 ? say("upload.lost") : String(body?.detail ?? status));
    return;
  }
}

// An element whose words follow the language when that is changed.
function worded(tag, key, attributes = {}) {
  return make(tag, { ...attributes, "data-word": key }, say(key));
}

function complain(name, why) {
  const item = make("li", { class: "failed" }, make("span", { class: "name" }, name));
  item.append(
    make("span", { class: "said" }, worded("span", "upload.failed"), ": ", make("span", { lang: "en" }, why)),
    worded("button", "upload.dismiss", { type: "button", onclick: () => item.remove() }),
  );
  find("uploads").append(item);
  news(`${say("upload.failed")}: ${why}`);
}
