// Keys of every page. Ctrl Enter presses the page's one filled button. The summary of what is wrong takes the focus.
// Without this file the button is pressed by hand.
"use strict";
(() => {
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey) {
      const open = document.querySelector("dialog[open]");
      const main = [...(open || document).querySelectorAll(".btn.main:not([disabled])")].find((b) => b.checkVisibility());
      if (main) { e.preventDefault(); main.click(); }
    } else if (e.key === "F1" && e.shiftKey && !e.ctrlKey && !e.altKey) {
      const about = document.activeElement && document.activeElement.dataset.about;
      e.preventDefault();
      location.assign(about || "/help");
    } else if (e.key === "Escape") {
      document.querySelectorAll("details.bar-who[open], details.menu[open]").forEach((d) => {
        d.open = false;
        if (d.contains(document.activeElement)) d.querySelector("summary").focus();
      });
    }
  });
  document.addEventListener("click", (e) => {
    document.querySelectorAll("details.bar-who[open], details.menu[open]").forEach((d) => { if (!d.contains(e.target)) d.open = false; });
  });
  const wrong = document.querySelector("[data-errors]");
  if (wrong) wrong.focus();
})();
