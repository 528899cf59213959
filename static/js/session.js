// Covers a page that was left open when its sign-in has ended, so that no name stays on the screen. Asks the server
// at the moment the sign-in should end: another tab may have kept it alive. After a new sign-in in another tab the
// cover goes and what was typed is still there. Without this file the next click leads to the sign-in.
"use strict";
(() => {
  const over = document.getElementById("over");
  if (!over) return;
  let timer;

  const wait = (seconds) => { clearTimeout(timer); timer = setTimeout(look, Math.max(seconds, 1) * 1000 + 500); };

  async function look() {
    let now;
    try {
      const answer = await fetch("/session", { headers: { Accept: "application/json" } });
      if (!answer.ok) { wait(15); return; }
      now = await answer.json();
    } catch { wait(15); return; }
    if (now.ends_in > 0) {
      if (String(now.user) !== over.dataset.user) { location.reload(); return; }
      document.querySelector("meta[name=csrf]").content = now.csrf;
      document.querySelectorAll("input[name=csrf]").forEach((field) => { field.value = now.csrf; });
      if (over.open) { over.close(); document.dispatchEvent(new Event("signed-in")); }
      wait(now.ends_in);
    } else if (!over.open) {
      document.querySelectorAll("dialog[open]").forEach((d) => d.close());
      over.showModal();
    }
  }

  over.addEventListener("cancel", (e) => e.preventDefault());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  wait(Number(over.dataset.endsIn));
})();
