// The workbench: each item is saved on leaving it; keys; codes; conflicts side by side.
// Without this file a section saves with its own button and the codes are a page.
"use strict";
(() => {
  const root = document.querySelector("[data-case]");
  if (!root) return;
  const csrf = () => document.querySelector("meta[name=csrf]").content;
  const kase = root.dataset.case;
  let version = root.dataset.version;
  let patientVersion = root.dataset.patientVersion;
  const fields = document.querySelector(".fields");
  let boxes = [...fields.querySelectorAll(".code")];
  let form = root.dataset.form;
  const list = document.getElementById("codes");
  const saved = document.getElementById("saved");
  const report = document.querySelector(".report");
  const dialog = document.getElementById("conflict");
  const known = new Map(boxes.map((b) => [b, b.value]));
  let last = boxes[0];
  let queue = Promise.resolve();
  const sending = new Map();

  document.querySelectorAll(".noscript").forEach((b) => { b.hidden = true; });

  const numberOf = (box) => (box.id ? box.id.slice(1) : box.closest("form").action.split("/").pop());
  const headers = { "content-type": "application/json", accept: "application/json", get "x-csrf-token"() { return csrf(); } };

  function say(text, tone) {
    saved.textContent = text;
    saved.className = "saved" + (tone ? " " + tone : "");
  }

  // Saves run one after the other: each carries the version that the one before it made.
  function save(box, why) {
    const value = box.value;
    if (value === known.get(box)) return;
    known.set(box, value);
    say("Saving…");
    undo.hidden = true;
    sending.set(numberOf(box), value);
    queue = queue.then(() => send(box, value, why)).catch(() => later(box, "the server does not answer"));
  }

  // What could not be saved is kept in its box and sent again: every three seconds while the server is away, and as
  // soon as somebody has signed in again.
  const unsent = new Set();
  let timer;
  function later(box, why) {
    const here = current(box);
    known.set(here, null);
    sending.delete(numberOf(here));
    unsent.add(here.id || "text");
    say(`Not saved yet: ${why}. ${unsent.size === 1 ? "The value is" : "The values are"} kept here and sent again.`, "bad");
    clearTimeout(timer);
    timer = setTimeout(again, 3000);
  }
  function again() {
    const boxes = [...unsent].map((id) => (id === "text" ? text : document.getElementById(id))).filter(Boolean);
    unsent.clear();
    boxes.forEach((box) => save(box));
  }
  document.addEventListener("signed-in", again);

  // The box that stands for this one now: the form may have been made again while the value was on its way.
  const current = (box) => (box.isConnected ? box : document.getElementById(box.id) || box);

  async function send(old, value, why) {
    const box = current(old);
    const answer = await fetch(`/cases/${kase}/items/${numberOf(box)}`, {
      method: "POST", headers, body: JSON.stringify({ value, seen: version, seen_patient: patientVersion, why: why || "", section: location.pathname.split("/").pop() }),
    });
    const said = await answer.json().catch(() => ({}));
    if (sending.get(numberOf(box)) === value) sending.delete(numberOf(box));
    if (answer.ok) return took(box, value, said);
    known.set(box, null);
    if (answer.status === 409) return conflict(box, value, said);
    if (answer.status === 401 || answer.status >= 500) return later(box, answer.status === 401 ? "the sign-in has ended" : "the registry does not answer just now");
    say(`Not saved. ${said.message || said.sentence || "The value is still here."}`, "bad");
  }

  async function took(box, sent, said) {
    show(box, sent, said);
    const others = said.merged || [];
    if (others.length) say(`Saved ${said.saved}. ${others.join("; ")}; both are kept.`, "warn");
    if (others.length || (said.form !== undefined && said.form !== form)) await renew(said.form);
  }

  function show(box, sent, said) {
    version = String(said.version);
    patientVersion = String(said.patient_version);
    document.querySelectorAll('input[name="seen"]').forEach((i) => { i.value = version; });
    document.querySelectorAll('input[name="seen_patient"]').forEach((i) => { i.value = patientVersion; });
    if (box.value === sent) { box.value = said.value; }
    known.set(box, said.value);
    say(`Saved ${said.saved}`);
    if (said.dock) renewDock(said.dock);
    const row = box.closest(".field");
    if (!row) return;
    row.querySelector(".meaning").textContent = said.meaning;
    const source = row.querySelector(".src");
    source.textContent = said.value ? "typed" : "";
    source.className = "src hand";
    row.classList.toggle("is-warn", Boolean(said.problem));
    box.setAttribute("aria-invalid", said.problem ? "true" : "false");
    const icon = row.querySelector("svg.i use");
    icon.setAttribute("href", said.problem ? "#i-warn" : said.value ? "#i-ok" : "#i-none");
    row.querySelector("svg.i").classList.toggle("warn", Boolean(said.problem));
    let says = row.querySelector(".field-says");
    if (!said.problem) { if (says) says.remove(); return; }
    if (!says) { says = document.createElement("div"); says.className = "field-says"; row.append(says); }
    const span = document.createElement("span");
    span.className = "warn";
    span.textContent = said.problem;
    says.replaceChildren(span);
  }

  // The schema or a derived value is another now: the page is fetched again and its form put in place, with what is
  // being typed and the place of the cursor kept.
  let renewing = false;
  async function renew(next) {
    const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(".fields");
    if (!fresh) return;
    form = next;
    const here = document.activeElement;
    // What is wholly marked will be typed over, whatever stands there by then.
    const typing = here && here.matches(".fields .code")
      ? { id: here.id, from: here.selectionStart, to: here.selectionEnd, whole: here.selectionStart === 0 && here.selectionEnd === here.value.length } : null;
    const open = new Map(boxes.filter((b) => b.id && b.value !== known.get(b)).map((b) => [b.id, b.value]));
    const top = fields.scrollTop;
    renewing = true;
    fresh.querySelector("#codes")?.replaceWith(list);
    fields.replaceChildren(...fresh.childNodes);
    for (const place of [".middle-head", ".tumors", "#dock", "#rules"]) {
      const [old, now] = [document.querySelector(place), page.querySelector(place)];
      if (old && now) old.replaceChildren(...now.childNodes);
    }
    document.querySelectorAll(".noscript").forEach((b) => { b.hidden = true; });
    boxes = [...fields.querySelectorAll(".code")];
    [...known.keys()].filter((b) => !b.isConnected).forEach((b) => known.delete(b));
    boxes.forEach((b) => {
      const number = numberOf(b);
      if (sending.has(number)) b.value = sending.get(number);
      known.set(b, b.value);
      if (open.has(b.id)) b.value = open.get(b.id);
    });
    fields.scrollTop = top;
    const again = typing && document.getElementById(typing.id);
    last = again || boxes[0];
    if (again) { again.focus({ preventScroll: true }); if (again.matches("input")) { if (typing.whole) again.select(); else again.setSelectionRange(typing.from, typing.to); } }
    renewing = false;
  }

  function renewDock(html) {
    const made = new DOMParser().parseFromString(html, "text/html");
    document.getElementById("dock").replaceChildren(...made.body.childNodes);
  }

  // One edit: why, values that would let it pass, the over-ride. Its page stands in a dialog; without script it is a page.
  const edit = document.getElementById("edit-dialog");
  const undo = document.getElementById("undo");
  async function openEdit(href) {
    const answer = await fetch(href, { headers: { accept: "text/html" } });
    if (!answer.ok) { location.href = href; return; }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const head = document.createElement("h2");
    head.id = "edit-dialog-title";
    head.textContent = page.querySelector("h1").textContent;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn";
    close.textContent = "Close";
    close.addEventListener("click", () => edit.close());
    const foot = document.createElement("div");
    foot.className = "buttons";
    foot.append(close);
    edit.replaceChildren(head, page.querySelector("[data-edit-body]"), foot);
    edit.showModal();
    (edit.querySelector("[data-fix]") || edit.querySelector("textarea") || close).focus();
  }
  edit.addEventListener("submit", (e) => {
    e.preventDefault();
    const button = e.submitter;
    if (button?.dataset.fix) {
      edit.close();
      put(button.dataset.fix, button.value, "suggested by an edit");
      offerUndo(button.dataset.fix, button.value, button.dataset.now);
    } else overRide(e.target);
  });
  edit.addEventListener("keydown", (e) => {
    const mine = edit.querySelector("[data-over-ride]");
    if (mine && e.key === "Enter" && e.ctrlKey) { e.preventDefault(); e.stopPropagation(); mine.requestSubmit(); }
  });
  // Puts a value into an item, in its box where it stands in this section.
  function put(number, value, why) {
    const box = document.getElementById(`i${number}`) || Object.assign(document.createElement("input"), { id: `i${number}` });
    box.value = value;
    save(box, why);
    if (box.isConnected) box.focus();
  }
  function offerUndo(number, value, before) {
    undo.textContent = `Undo: ${number} back to ${before || "blank"}`;
    undo.hidden = false;
    undo.onclick = () => { undo.hidden = true; put(number, before, "undone"); };
  }
  async function overRide(wanted) {
    await queue;
    const data = new FormData(wanted);
    const answer = await fetch(wanted.action, {
      method: "POST", headers, body: JSON.stringify({ reason: data.get("reason"), value: data.get("value") || "", seen: version, section: location.pathname.split("/").pop() }),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      const told = wanted.querySelector("[role=alert]") || document.createElement("p");
      told.role = "alert";
      told.className = "bad";
      told.textContent = said.message || "Not taken: somebody changed the abstract first. Close this and look again.";
      wanted.querySelector(".in").append(told);
      return;
    }
    edit.close();
    version = String(said.version);
    patientVersion = String(said.patient_version);
    document.querySelectorAll('input[name="seen"]').forEach((i) => { i.value = version; });
    say(`Over-ridden ${said.saved}`);
    renewDock(said.dock);
    if (form !== undefined) await renew(form);
  }
  document.getElementById("dock").addEventListener("click", (e) => {
    const link = e.target.closest("a[data-edit]");
    if (!link || e.button || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    queue.then(() => openEdit(link.href));
  });

  function conflict(box, value, said) {
    const stale = said.stale || said;
    const rows = document.getElementById("conflict-rows");
    rows.replaceChildren(...(stale.yours || []).map((side) => {
      const tr = document.createElement("tr");
      for (const text of [side.item, side.stored || "empty", side.typed || "empty"]) {
        const td = document.createElement("td");
        td.textContent = text;
        tr.append(td);
      }
      return tr;
    }));
    const who = (stale.since || [])[0];
    document.getElementById("conflict-who").textContent = who
      ? `${who.login} changed ${who.changes.map((c) => c.item).join(", ")} at ${who.at.slice(11, 19)}.` : "";
    say("Not saved: somebody changed it first.", "warn");
    const isPatient = box.closest("[data-level]")?.dataset.level === "patient";
    const next = String(stale.version);
    document.getElementById("conflict-keep").onclick = () => {
      const mine = (stale.yours || [])[0];
      if (mine) { box.value = mine.stored; known.set(box, mine.stored); }
      if (isPatient) patientVersion = next; else version = next;
      dialog.close();
      box.focus();
    };
    document.getElementById("conflict-mine").onclick = () => {
      if (isPatient) patientVersion = next; else version = next;
      dialog.close();
      box.value = value;
      save(box, "put in after another change");
    };
    dialog.showModal();
  }

  // From message to message: to the item when it stands in this section, else onto the message, where Enter goes there.
  let message = -1;
  function nextMessage(by) {
    const links = [...document.querySelectorAll("#dock li a.quiet")];
    if (!links.length) return;
    message = (Math.min(message, links.length) + by + links.length) % links.length;
    const link = links[message];
    link.scrollIntoView({ block: "nearest" });
    const href = link.getAttribute("href");
    const box = href.startsWith("#") && document.getElementById(href.slice(1));
    (box || link).focus();
  }

  // Codes under the row.
  let options = [];
  let at = -1;
  let asked = 0;
  let shownFor = null;
  let looking = null;
  let stop = null;
  function showCodes(box, words) {
    if (stop) stop.abort();
    stop = new AbortController();
    looking = findCodes(box, words || "", stop.signal).catch(() => {});
    return looking;
  }
  async function findCodes(box, words, signal) {
    const mine = ++asked;
    const answer = await fetch(`/cases/${kase}/codes/${numberOf(box)}?q=${encodeURIComponent(words)}`, { signal, headers: { accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const found = await answer.json();
    if (mine !== asked) return;
    options = found.choices;
    shownFor = words;
    box = current(box);
    const ul = document.createElement("ul");
    ul.role = "listbox";
    ul.append(...options.map((choice, place) => {
      const li = document.createElement("li");
      li.role = "option";
      li.id = `code-${place}`;
      const b = document.createElement("b");
      b.textContent = choice.shown;
      const s = document.createElement("span");
      s.textContent = choice.label;
      if (!choice.fits) s.className = "dim";
      const n = document.createElement("span");
      n.className = "dim";
      n.textContent = choice.note;
      li.append(b, s, n);
      li.addEventListener("mousedown", (e) => { e.preventDefault(); take(place); });
      return li;
    }));
    const foot = document.createElement("p");
    foot.className = "foot";
    foot.textContent = found.cut ? "More codes fit: type another letter. Enter takes the chosen one, Escape closes." : options.length ? "Type a code or words. Enter takes it, Escape closes." : "No code fits these words. Escape closes.";
    list.replaceChildren(ul, foot);
    list.hidden = false;
    box.ariaExpanded = "true";
    const row = box.closest(".field");
    const room = fields.scrollTop + fields.clientHeight - row.offsetTop - row.offsetHeight;
    list.style.left = box.offsetLeft + "px";
    list.style.top = (room >= list.offsetHeight ? row.offsetTop + row.offsetHeight : Math.max(0, row.offsetTop - list.offsetHeight)) + "px";
    point(words ? Math.max(0, options.findIndex((c) => c.code)) : Math.max(0, options.findIndex((c) => c.chosen)));
  }
  function point(place) {
    at = Math.min(Math.max(place, 0), options.length - 1);
    [...list.querySelectorAll("li")].forEach((li, n) => { li.ariaSelected = String(n === at); });
    const chosen = list.querySelector('[aria-selected="true"]');
    if (chosen) { chosen.scrollIntoView({ block: "nearest" }); last.setAttribute("aria-activedescendant", chosen.id); }
  }
  function take(place) {
    if (options[place]?.code) { last.value = options[place].code; hideCodes(); save(last); last.select(); }
  }
  // Enter comes as fast as it is typed: the answer to the last letter decides, also when it is still on its way.
  async function takeTyped(box, by) {
    const words = box.value;
    if (shownFor !== words) await looking;
    const here = current(box);
    if (here.value === words && shownFor === words && options.length) take(at); else hideCodes();
    step(current(here), by);
  }
  // Letters, or words, that stand for a code to be found; digits alone are a code already.
  const isSearch = (box) => box.matches("[data-codes]") && /[a-z]/i.test(box.value) && box.value !== known.get(box);
  function hideCodes() {
    asked += 1;
    shownFor = null;
    list.hidden = true;
    options = [];
    if (last) { last.ariaExpanded = "false"; last.removeAttribute("aria-activedescendant"); }
  }

  fields.addEventListener("focusin", (e) => {
    if (!e.target.matches(".code")) return;
    last = e.target;
    if (last.matches("input")) last.select();
    last.closest(".field").scrollIntoView({ block: "nearest" });
  });
  fields.addEventListener("focusout", (e) => {
    if (!e.target.matches(".code")) return;
    if (renewing) return;
    hideCodes();
    save(e.target);
  });
  // Letters typed where the item holds digits search the codes by words.
  fields.addEventListener("input", (e) => {
    const box = e.target;
    if (isSearch(box) || (box.matches("[data-codes]") && !list.hidden)) showCodes(box, box.value);
    count(box);
    full(box);
    pause(box);
  });

  // A whole code or date that was typed needs no Enter.
  function full(box) {
    const most = Number(box.dataset.fixed || 0);
    if (!most || box.value.length !== most || !/^[A-Z]?\d+$/i.test(box.value) || box.selectionStart !== most) return;
    if (box.matches("[data-date]") && !/^(18|19|20)\d{6}$/.test(box.value)) return;
    box.value = box.value.toUpperCase();
    hideCodes();
    step(box, 1);
  }
  // Long texts are saved while they are written, two seconds after the last letter.
  let pausing;
  function pause(box) {
    if (!box.matches("textarea")) return;
    clearTimeout(pausing);
    pausing = setTimeout(() => save(box), 2000);
  }
  // Typographic signs and characters that no file may hold are made plain when they are pasted.
  const plain = (words) => words.replace(/[\u2018\u2019\u201a\u2032]/g, "'").replace(/[\u201c\u201d\u201e\u2033]/g, '"').replace(/[\u2010-\u2015]/g, "-")
    .replace(/\u2026/g, "...").replace(/\u2022/g, "*").replace(/[\t\u00a0\u2002-\u200a\u202f]/g, " ").replace(/\r\n?/g, "\n").replace(/[\u200b-\u200f\ufeff]|(?!\n)\p{Cc}/gu, "");
  document.addEventListener("paste", (e) => {
    if (!e.target.matches("textarea, .code")) return;
    const words = e.clipboardData.getData("text/plain");
    const made = plain(words);
    if (made === words || e.target.readOnly) return;
    e.preventDefault();
    e.target.setRangeText(made, e.target.selectionStart, e.target.selectionEnd, "end");
    e.target.dispatchEvent(new Event("input", { bubbles: true }));
    say("Pasted with typographic signs made plain.");
  });

  const text = document.querySelector(".textitem textarea");
  if (text) {
    known.set(text, text.value);
    text.addEventListener("blur", () => save(text));
    text.addEventListener("input", () => { count(text); pause(text); });
  }
  // The selected words of a report go into the text item, with where they come from; nothing is written from codes.
  function quote() {
    const chosen = String(getSelection()).trim();
    if (!chosen || !text || text.readOnly || !report || !report.contains(getSelection().anchorNode)) return false;
    const origin = report.dataset.origin ? ` [${report.dataset.origin}]` : "";
    text.value = `${text.value}${text.value && !text.value.endsWith("\n") ? "\n" : ""}${plain(chosen)}${origin}`;
    count(text);
    save(text);
    say("Put into the text item.");
    return true;
  }
  document.querySelector("[data-quote]")?.addEventListener("click", quote);
  function count(box) {
    const shown = box.closest(".textitem")?.querySelector("[data-count]");
    if (shown) shown.textContent = `${[...box.value].length} of ${box.dataset.most}`;
  }

  // To the next box that can be filled; after the last one to the next section.
  function step(box, by) {
    for (let place = boxes.indexOf(box) + by; boxes[place]; place += by) {
      if (!boxes[place].readOnly) { boxes[place].focus(); return; }
    }
    const link = by > 0 && document.querySelector('a[rel="next"]');
    box.blur();
    if (link) queue.then(() => { if (!unsent.size) location.href = `${link.href}#first`; });
  }
  const first = () => fields.querySelector(".is-need .code:not([readonly])") || boxes.find((b) => !b.readOnly && !b.value) || boxes[0];
  if (location.hash === "#first" && first()) { history.replaceState(null, "", location.pathname + location.search); first().focus(); }
  function today(box) {
    const d = new Date();
    box.value = `${d.getFullYear()}${String(d.getMonth() + 1).padStart(2, "0")}${String(d.getDate()).padStart(2, "0")}`;
  }
  function moveDay(box, by) {
    const found = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(box.value);
    if (!found) return false;
    const d = new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + by);
    box.value = `${d.getFullYear()}${String(d.getMonth() + 1).padStart(2, "0")}${String(d.getDate()).padStart(2, "0")}`;
    return true;
  }
  async function repeat(box) {
    const answer = await fetch(`/cases/${kase}/repeat/${numberOf(box)}`, { headers: { accept: "application/json" } });
    if (answer.ok) { box.value = (await answer.json()).value; }
  }

  document.addEventListener("keydown", (e) => {
    const box = e.target.matches && e.target.matches(".code") ? e.target : null;
    const open = !list.hidden;
    const done = () => e.preventDefault();
    if (box && open && (e.key === "ArrowDown" || e.key === "ArrowUp") && !e.altKey) { done(); point(at + (e.key === "ArrowDown" ? 1 : -1)); }
    else if (box && isSearch(box) && (e.key === "Enter" || e.key === "Tab") && !e.ctrlKey && !e.altKey && options.every((c) => c.code !== box.value)) {
      if (e.key === "Tab" && !open) return;
      done();
      takeTyped(box, e.shiftKey ? -1 : 1);
    } else if (box && open && e.key === "Enter" && !e.ctrlKey) { done(); take(at); step(box, 1); }
    else if (e.key === "Escape" && open) { done(); hideCodes(); if (box && isSearch(box)) box.value = known.get(box) ?? box.value; }
    else if (e.altKey && e.key === "Enter") { if (quote()) done(); }
    else if (box && e.key === "Enter" && !e.ctrlKey && box.matches("input")) { done(); step(box, e.shiftKey ? -1 : 1); }
    else if (box && ((e.key === "F4" && !e.shiftKey) || (e.altKey && e.key === "ArrowDown"))) {
      done();
      if (box.closest(".is-derived")) queue.then(() => { location.href = `/cases/${kase}/derivation#d${numberOf(box)}`; });
      else if (box.matches("[data-codes]")) showCodes(box, "");
    }
    else if (box && e.key === "F4" && e.shiftKey) { done(); save(box); queue.then(() => { location.href = `/cases/${kase}/items/${numberOf(box)}`; }); }
    else if (e.key === "F8") {
      done();
      nextMessage(e.shiftKey ? -1 : 1);
    } else if (e.ctrlKey && e.key === ".") {
      done();
      const all = [...document.querySelectorAll("#dock li")];
      const link = (all[message] || all.find((li) => li.querySelector("[data-edit]")))?.querySelector("[data-edit]");
      if (link) { if (box) save(box); queue.then(() => openEdit(link.href)); }
    } else if (e.key === "F2" && e.shiftKey) { done(); (document.activeElement === report ? last : report || last).focus(); }
    else if (e.altKey && (e.key === "PageDown" || e.key === "PageUp")) {
      const link = document.querySelector(e.key === "PageDown" ? 'a[rel="next"]' : 'a[rel="prev"]');
      if (link) { done(); if (box) save(box); queue.then(() => { location.href = `${link.href}#first`; }); }
    } else if (box && e.ctrlKey && e.key === ";") { done(); today(box); }
    else if (box && e.ctrlKey && e.key === "'") { done(); repeat(box); }
    else if (box && box.matches("[data-date]") && (e.key === "+" || e.key === "-") && box.selectionStart !== 4 && box.selectionStart !== 7 && moveDay(box, e.key === "+" ? 1 : -1)) { done(); }
  });

  // Every fifteen seconds the page says that it is open and for how long somebody worked; it hears who else is here. What
  // others changed is fetched when nothing is being typed.
  let lastKey = Date.now();
  let lastBeat = Date.now();
  for (const kind of ["keydown", "pointerdown", "scroll"]) document.addEventListener(kind, () => { lastKey = Date.now(); }, { passive: true, capture: true });
  async function beat() {
    if (document.hidden) { lastBeat = Date.now(); return; }
    const now = Date.now();
    const worked = now - lastKey < 60000 ? Math.round((now - lastBeat) / 1000) : 0;
    lastBeat = now;
    try {
      const answer = await fetch(`/cases/${kase}/here`, { method: "POST", headers, body: JSON.stringify({ worked: Math.min(worked, 30) }) });
      if (!answer.ok) return;
      const said = await answer.json();
      document.getElementById("others").textContent = said.others.length ? `Also open to ${said.others.join(", ")}` : "";
      const behind = String(said.version) !== version || String(said.patient_version) !== patientVersion;
      const typing = [...known].some(([box, value]) => value !== box.value);
      if (behind && !typing && sending.size === 0 && unsent.size === 0) {
        await renew(form);
        version = String(said.version);
        patientVersion = String(said.patient_version);
      }
    } catch { /* the next beat tries again */ }
  }
  beat();
  setInterval(beat, 15000);

  // Nothing typed is lost: a link waits for what is still on its way, and the page is not left with a value unsaved.
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a[href]");
    if (!link || link.target || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || sending.size === 0) return;
    e.preventDefault();
    queue.then(() => { location.href = link.href; });
  });
  window.addEventListener("beforeunload", (e) => {
    if (sending.size > 0 || unsent.size > 0 || [...known].some(([box, value]) => value !== box.value)) e.preventDefault();
  });
})();
