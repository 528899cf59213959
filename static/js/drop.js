// A file dropped anywhere on the page, or pasted (Ctrl V), goes into the form marked data-drop; its name is shown and
// said, and the button is next: Enter sends it. Without this file the field itself opens the chooser.
"use strict";
(() => {
  const form = document.querySelector("form[data-drop]");
  const field = form?.querySelector("input[type=file]");
  const said = form?.querySelector("output");
  if (!field || !said) return;
  const size = (bytes) => {
    const units = ["bytes", "kB", "MB", "GB"];
    let at = 0;
    let many = bytes;
    while (many >= 1000 && at < units.length - 1) { many /= 1000; at += 1; }
    return `${at === 0 ? many : many.toFixed(1)} ${units[at]}`;
  };
  const tell = () => {
    const file = field.files[0];
    said.textContent = file ? `${file.name}, ${size(file.size)}` : "";
    form.classList.toggle("holds", Boolean(file));
  };
  const take = (files) => {
    if (files.length !== 1) {
      said.textContent = files.length === 0 ? "That is no file." : `These are ${files.length} files; drop one at a time.`;
      return;
    }
    field.files = files;
    tell();
    form.querySelector("button[type=submit]").focus();
  };
  field.addEventListener("change", tell);
  const carriesFiles = (e) => [...(e.dataTransfer?.types ?? [])].includes("Files");
  let inside = 0;
  document.addEventListener("dragenter", (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    inside += 1;
    form.classList.add("over");
  });
  document.addEventListener("dragover", (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    e.dataTransfer.dropEffect = "copy";
  });
  const left = () => { inside = 0; form.classList.remove("over"); };
  document.addEventListener("dragleave", () => { inside -= 1; if (inside <= 0) left(); });
  document.addEventListener("drop", (e) => {
    if (!carriesFiles(e)) return;
    e.preventDefault();
    left();
    take(e.dataTransfer.files);
  });
  document.addEventListener("paste", (e) => {
    const files = e.clipboardData?.files;
    if (!files?.length) return;
    e.preventDefault();
    take(files);
  });
  // A page that was gone back to may hold a file still.
  tell();
})();
