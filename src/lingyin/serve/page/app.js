// The page: signs in with the link's token, then shows the worklist or one study, as the address says.
import { ask } from "./api.js";
import { draw, focusOn, refresh, startList, stopList } from "./list.js";
import { find, lang, loadWords, make, speak } from "./words.js";
import { watchUploads } from "./upload.js";

const VIEWS = ["login", "desk", "study"];
let signedIn = false;
let drawnLang = null;
let read = null;

function show(view) {
  for (const each of VIEWS) find(each).hidden = each !== view;
  find("logout").hidden = view === "login";
  document.body.classList.toggle("reading", view === "study");
}

async function signIn(token) {
  await ask("/session", "POST", { token });
  find("login-wrong").hidden = true;
  begin();
}

function begin() {
  signedIn = true;
  startList();
  route();
}

function askForToken() {
  signedIn = false;
  stopList();
  show("login");
  find("token").focus();
}

async function route() {
  if (!signedIn) return;
  const key = new URLSearchParams(location.hash.slice(1)).get("study");
  if (!key) {
    show("desk");
    find("frame").removeAttribute("src");
    if (read) focusOn(`open-${read}`);
    read = null;
    return;
  }
  let study;
  try {
    study = await ask(`/studies/${encodeURIComponent(key)}`);
  } catch {
    location.hash = "";
    return;
  }
  const base = `/studies/${encodeURIComponent(study.id)}/files/`;
  show("study");
  find("study-name").textContent = study.name;
  drawnLang = lang;
  read = study.id;
  find("frame").src = `${base}report.html#${lang}`;
  find("tab").href = `${base}report.html#${lang}`;
  find("files-menu").open = false;
  find("study-files").replaceChildren(
    ...study.files
      .filter((name) => !["report.html", "thumbnail.jpg"].includes(name))
      .map((name) => make("li", {}, make("a", { href: base + name, download: true }, name))),
  );
  find("close").focus();
}

async function main() {
  await loadWords();
  watchUploads(() => refresh());
  for (const button of document.querySelectorAll("[data-choose]")) button.addEventListener("click", () => speak(button.dataset.choose));
  document.addEventListener("spoken", () => {
    if (!signedIn) return;
    draw();
    if (!find("study").hidden && drawnLang !== lang) route();
  });
  document.addEventListener("signed-out", () => signedIn && askForToken());
  addEventListener("hashchange", route);
  find("close").addEventListener("click", () => (location.hash = ""));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !find("study").hidden) location.hash = "";
  });
  find("logout").addEventListener("click", async () => {
    await ask("/session", "DELETE").catch(() => null);
    askForToken();
  });
  find("login-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const entered = find("token").value.trim();
    find("token").value = "";
    // The whole link may be pasted as well.
    await signIn(entered.replace(/^.*#token=/, "")).catch(refuse);
  });
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    history.replaceState(null, "", "/"); // the token must not stay in the address or the history
    await signIn(token).catch(refuse);
    return;
  }
  await ask("/health").then(begin, askForToken);
}

function refuse() {
  find("login-wrong").hidden = false;
  askForToken();
}

main();
