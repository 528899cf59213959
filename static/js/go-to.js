// The go-to box: F2 opens it, typing asks the server, arrows choose, Enter goes. What is typed travels in a POST, so
// that no name stands in an address. Without this file the box is the page /go.
"use strict";
(() => {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = palette.querySelector("input[name=q]");
  const list = document.getElementById("palette-list");
  let asked = 0;
  let timer;

  const open = () => { palette.showModal(); input.select(); ask(); };
  const rows = () => [...list.children];
  const chosen = () => list.querySelector('[aria-selected="true"]');
  const choose = (row) => {
    rows().forEach((r) => r.setAttribute("aria-selected", String(r === row)));
    if (row) { input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
  };

  async function ask() {
    const mine = ++asked;
    const csrf = document.querySelector("meta[name=csrf]").content;
    const body = new URLSearchParams({ q: input.value, csrf, case: document.querySelector("[data-case]")?.dataset.case || "" });
    let places = [];
    try {
      const answer = await fetch("/go", { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) return;
      places = (await answer.json()).places;
    } catch { return; }
    if (mine !== asked) return;
    list.replaceChildren(...places.map((place, at) => {
      const li = document.createElement("li");
      li.id = `place-${at}`;
      li.setAttribute("role", "option");
      li.dataset.href = place.href;
      const kind = document.createElement("b");
      kind.textContent = place.kind;
      const text = document.createElement("span");
      text.textContent = place.text;
      const hint = document.createElement("span");
      hint.className = "dim";
      hint.textContent = place.hint;
      li.append(kind, text, hint);
      return li;
    }));
    input.setAttribute("aria-expanded", String(places.length > 0));
    choose(list.firstElementChild);
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 250); });
  input.addEventListener("keydown", (e) => {
    const all = rows();
    const at = all.indexOf(chosen());
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      choose(all[(at + (e.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (e.key === "Enter") {
      const row = chosen();
      if (row) { e.preventDefault(); location.assign(row.dataset.href); }
    }
  });
  list.addEventListener("click", (e) => {
    const row = e.target.closest("li");
    if (row) location.assign(row.dataset.href);
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "F2" && !e.shiftKey && !e.ctrlKey && !e.altKey && !e.metaKey) { e.preventDefault(); open(); }
  });
  document.querySelectorAll("[data-palette]").forEach((a) => a.addEventListener("click", (e) => { e.preventDefault(); open(); }));
})();
