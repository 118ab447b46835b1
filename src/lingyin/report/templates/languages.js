// The language switch of the worklist.
"use strict";
(() => {
  const speak = (lang) => {
    document.documentElement.lang = lang;
    document.querySelectorAll("[data-choose]").forEach((each) => {
      each.setAttribute("aria-pressed", String(each.dataset.choose === lang));
    });
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button) { speak(button.dataset.choose); }
  });
  document.documentElement.classList.add("scripted");
  const reader = navigator.language;
  if (/^zh/i.test(reader)) { speak(/hant|tw|hk|mo/i.test(reader) ? "zh-Hant" : "zh-Hans"); }
})();
