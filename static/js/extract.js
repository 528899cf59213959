// The extract builder: counts again while one types, and finds an item by number or name. A change of level draws the
// page anew, because it changes what each item becomes. Without this file the button counts.
"use strict";
(() => {
  const form = document.querySelector("form[data-extract]");
  if (!form) return;
  let waits = 0;
  let asked = 0;
  const count = async () => {
    const mine = ++asked;
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok || mine !== asked) return;
    const found = await answer.json();
    const say = (name, text) => form.querySelectorAll(`[data-${name}]`).forEach((place) => { place.textContent = text; });
    if (found.error) {
      say("count", found.error);
      return;
    }
    const status = form.querySelector("[data-count]");
    if (!status.querySelector("[data-tumors]")) {
      form.requestSubmit();
      return;
    }
    say("tumors", found.tumors);
    say("patients", found.patients);
    say("items", String(found.items));
  };
  form.addEventListener("change", (e) => {
    if (e.target.name === "level") {
      form.requestSubmit();
      return;
    }
    if (["study", "recipient", "purpose"].includes(e.target.name) || e.target.hasAttribute("data-find")) return;
    clearTimeout(waits);
    waits = setTimeout(count, 200);
  });
  const find = form.querySelector("[data-find]");
  if (!find) return;
  find.hidden = false;
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    form.querySelectorAll(".picker label").forEach((label) => {
      const number = label.querySelector(".no").textContent;
      const text = label.textContent.toLowerCase();
      label.hidden = !words.every((word) => (/^\d+$/.test(word) && number.startsWith(word)) || (!/^\d+$/.test(word) && text.includes(word)));
    });
  });
  find.addEventListener("keydown", (e) => {
    if (e.key === "Enter") e.preventDefault();
  });
})();
