// The page: signs in with the link's token, then shows the worklist or one study, as the address says.
import { ask } from "./api.js";
import { openReview, startReview, unsaved } from "./review.js";
import { showAgreement } from "./agreement.js";
import { draw, focusOn, refresh, startList, stopList } from "./list.js";
import { find, lang, loadWords, make, say, speak } from "./words.js";
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
    for (const each of ["frame", "prior-frame"]) find(each).removeAttribute("src");
    showAgreement();
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
  showReport("frame", base);
  await openReview(study, base);
  await offerPriors(study.id);
  find("tab").href = `${base}report.html#${lang}`;
  find("files-menu").open = false;
  find("study-files").replaceChildren(
    make("li", {}, make("a", { href: `/studies/${encodeURIComponent(study.id)}/report.zip`, download: true }, say("study.all"))),
    ...study.files
      .filter((name) => !["report.html", "thumbnail.jpg"].includes(name))
      .map((name) => make("li", {}, make("a", { href: base + name, download: true }, name))),
  );
  find("close").focus();
}

// A frame that shows this address already would keep the old report after a signature: the address differs each time.
function showReport(id, base) {
  find(id).src = `${base}report.html?${Date.now()}#${lang}`;
}

async function offerPriors(key) {
  const others = await ask(`/studies/${encodeURIComponent(key)}/others`).catch(() => []);
  find("prior-field").hidden = others.length === 0;
  find("prior-frame").hidden = true;
  find("prior-frame").removeAttribute("src");
  document.body.classList.remove("beside");
  find("prior").replaceChildren(
    make("option", { value: "" }, say("study.noprior")),
    ...others.map((each) => make("option", { value: each.id }, `${each.made} ${each.name}`)),
  );
}

function beside() {
  const key = find("prior").value;
  find("prior-frame").hidden = !key;
  document.body.classList.toggle("beside", Boolean(key));
  if (key) showReport("prior-frame", `/studies/${encodeURIComponent(key)}/files/`);
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
  find("close").addEventListener("click", leave);
  find("prior").addEventListener("change", beside);
  startReview(route);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !find("study").hidden && !document.querySelector("dialog[open]")) leave();
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

// Corrections that are not signed yet are lost on leaving: once asked, a second time left.
let warned = false;
function leave() {
  if (unsaved() && !warned) {
    warned = true;
    find("review-problem").textContent = say("review.unsaved");
    find("review-problem").hidden = false;
    find("review-problem").scrollIntoView({ block: "nearest" });
    return;
  }
  warned = false;
  location.hash = "";
}

function refuse() {
  find("login-wrong").hidden = false;
  askForToken();
}

main();
