/* Keyboard shortcuts: an element with `data-keys="g s"` is clicked (or focused, if it is an input) when its keys are pressed.
   j and k move through the rows of a list. Shortcuts are off while the user types. */

const dialog = document.getElementById("keys");
const typing = (element) => element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
let first = "";
let forget = 0;

function press(keys) {
  const found = [...document.querySelectorAll("[data-keys]")].find((element) => element.dataset.keys === keys && element.offsetParent !== null);
  const target = found ?? document.querySelector(`:is(.sidebar, [data-shortcuts]) [data-keys="${keys}"]`);
  if (!target) return false;
  if (target.matches("input")) {
    target.focus();
    target.select();
  } else {
    target.click();
  }
  return true;
}

const rows = () => [...document.querySelectorAll("tr[data-row]")].filter((row) => !row.hidden);
const current = () => document.activeElement?.closest?.("tr[data-row]");

function walk(step) {
  const all = rows();
  if (!all.length) return;
  const place = all.indexOf(current());
  const next = all[place < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, place + step))];
  next.querySelector("th a, .name a")?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function escape(target) {
  const open = document.querySelector("details.menu[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else if (location.hash === "#sidebar") {
    location.hash = "#main";
  } else if (typing(target)) {
    target.blur();
  } else if (document.querySelector("[data-bulk]:not([hidden])")) {
    document.querySelector("[data-clear]").click();
  } else {
    press("Escape");
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || dialog?.open) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    if (press("/")) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return escape(event.target);
  if (typing(event.target)) return;

  const keys = first ? `${first} ${event.key}` : event.key;
  first = "";
  clearTimeout(forget);
  if (event.key === "?") dialog?.showModal();
  else if (keys === "j" || keys === "k") walk(keys === "j" ? 1 : -1);
  else if (keys === "x") current()?.querySelector("[data-select]")?.click();
  else if (event.key === "g") {
    first = "g";
    forget = setTimeout(() => { first = ""; }, 1200);
  } else if (!press(keys)) return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open-shortcuts]")) dialog?.showModal();
});

// A menu closes when the user clicks elsewhere or moves the focus out of it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
