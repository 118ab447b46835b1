// The page's words in the reader's language, and small helpers to write them.
let words = {};
export let lang = "en";

export async function loadWords() {
  words = await (await fetch("/page/words.json")).json();
  const kept = localStorage.getItem("lang");
  const wanted = kept in words ? kept : /^zh/i.test(navigator.language) ? (/hant|tw|hk|mo/i.test(navigator.language) ? "zh-Hant" : "zh-Hans") : "en";
  speak(wanted);
}

export function say(key, values = {}) {
  return (words[lang][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function speak(chosen) {
  lang = chosen;
  localStorage.setItem("lang", lang);
  document.documentElement.lang = lang;
  document.title = `Lingyin · ${say("page.title")}`;
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = say(each.dataset.word);
  for (const each of document.querySelectorAll("[data-label]")) {
    each.setAttribute("aria-label", say(each.dataset.label));
    if (each.tagName === "IFRAME") each.title = say(each.dataset.label);
  }
  for (const each of document.querySelectorAll("[data-choose]")) each.setAttribute("aria-pressed", String(each.dataset.choose === lang));
  document.dispatchEvent(new Event("spoken"));
}

// An element with attributes and children; text is always text, never markup.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export const find = (id) => document.getElementById(id);

export function news(text) {
  find("news").textContent = text;
}
