// Rows of a list: arrows move, Space chooses, Enter opens, a letter presses the button that carries it. The filter
// box hides rows that do not hold its words. Without this file rows have links and check boxes.
"use strict";
(() => {
  document.querySelectorAll("table[data-rows]").forEach((table) => {
    const rows = () => [...table.querySelectorAll("tbody tr")].filter((r) => !r.hidden);
    const first = rows()[0];
    if (!first) return;
    const many = Boolean(table.querySelector("tbody input[type=checkbox]"));
    table.setAttribute("role", "grid");
    if (many) table.setAttribute("aria-multiselectable", "true");
    table.querySelectorAll("tbody tr").forEach((r) => { r.tabIndex = -1; });
    (table.querySelector("tbody tr.now") || first).tabIndex = 0;
    const choose = (row, on) => {
      const box = row.querySelector("input[type=checkbox]");
      if (!box) return;
      box.checked = on === undefined ? !box.checked : on;
      row.setAttribute("aria-selected", String(box.checked));
      box.dispatchEvent(new Event("change", { bubbles: true }));
    };
    table.addEventListener("keydown", (e) => {
      const row = e.target.closest("tr");
      if (!row || e.target !== row || e.ctrlKey || e.altKey || e.metaKey) return;
      const all = rows();
      const at = all.indexOf(row);
      const page = 10;
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1, PageDown: Math.min(at + page, all.length - 1), PageUp: Math.max(at - page, 0) };
      if (e.key in moves) {
        e.preventDefault();
        const to = all[moves[e.key]];
        if (!to) return;
        if (e.shiftKey && many) { choose(row, true); choose(to, true); }
        row.tabIndex = -1;
        to.tabIndex = 0;
        to.focus();
        to.scrollIntoView({ block: "nearest" });
      } else if (e.key === " ") {
        e.preventDefault();
        if (many) choose(row); else row.querySelector("a")?.click();
      } else if (e.key === "Enter") {
        const link = row.querySelector("a");
        if (link) { e.preventDefault(); link.click(); }
      } else if (e.key.length === 1) {
        const button = document.querySelector(`[data-key="${CSS.escape(e.key)}"]`);
        if (button) { e.preventDefault(); button.click(); }
      }
    });
    // Columns that numbers or words can be sorted by keep the server's order; a row clicked beside its link opens.
    table.addEventListener("dblclick", (e) => { e.target.closest("tbody tr")?.querySelector("a")?.click(); });
  });
  document.querySelectorAll("input[data-filter]").forEach((box) => {
    const table = document.getElementById(box.dataset.filter);
    if (!table) return;
    box.hidden = false;
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      table.querySelectorAll("tbody tr").forEach((r) => {
        const text = r.textContent.toLowerCase();
        r.hidden = !words.every((w) => text.includes(w));
      });
    });
  });
})();
