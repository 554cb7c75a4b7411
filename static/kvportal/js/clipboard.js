/* A value in the clipboard: shows a countdown, then clears it, unless something else was copied in the meantime.
   The countdown continues from page to page; only its end time is stored, never the value. */

const SECONDS = 30;
const KEPT = "kvportal-clipboard-until";
let until = 0;
let timer = 0;
let print = ""; // a digest of the value, to tell whether the clipboard still holds it
let note = null;
const tabs = new BroadcastChannel(KEPT);

const text = (words) => { note.querySelector("[data-text]").textContent = words; };
const say = (words) => document.dispatchEvent(new CustomEvent("kvportal:say", { detail: words }));

function show() {
  if (note?.isConnected) return;
  note = document.getElementById("clipboard-template").content.cloneNode(true).firstElementChild;
  document.getElementById("toasts").append(note);
  note.querySelector("[data-clear-clipboard]").addEventListener("click", clear);
}

function count() {
  const left = Math.ceil((until - Date.now()) / 1000);
  if (left <= 0) return clear();
  show();
  text(`Copied. The clipboard is cleared in ${left} s.`);
}

function start(end) {
  until = end;
  clearInterval(timer);
  timer = setInterval(count, 500);
  count();
}

// Stop the countdown: as far as this page knows, the clipboard no longer holds our value.
function end(words = "") {
  clearInterval(timer);
  removeEventListener("focus", clear);
  sessionStorage.removeItem(KEPT);
  print = "";
  until = 0;
  if (!note) return;
  const done = note;
  note = null;
  if (!words) return done.remove();
  done.querySelector("[data-text]").textContent = words;
  done.querySelector("[data-clear-clipboard]").remove();
  say(words);
  setTimeout(() => done.remove(), 8000);
}

async function digest(value) {
  if (!window.crypto?.subtle) return "";
  const bytes = new TextEncoder().encode(value.replaceAll("\r\n", "\n")); // some systems change line ends
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].join();
}

// Known only if the user has allowed reading the clipboard; we never ask for that permission.
async function replaced() {
  if (!print) return false;
  try {
    const right = await navigator.permissions.query({ name: "clipboard-read" });
    return right.state === "granted" && (await digest(await navigator.clipboard.readText())) !== print;
  } catch {
    return false; // not known, so it may still hold the value
  }
}

async function clear() {
  clearInterval(timer);
  removeEventListener("focus", clear);
  if (await replaced()) return end("The clipboard no longer holds the value; it was left alone.");
  try {
    await navigator.clipboard.writeText("");
    end("The clipboard was cleared.");
  } catch {
    show();
    const front = document.hasFocus();
    text(`The clipboard could not be cleared and may still hold the value. ${front ? "Copy something else over it." : "Come back to this window to clear it."}`);
    say(note.textContent);
    if (!front) addEventListener("focus", clear);
  }
}

async function hold(value) {
  sessionStorage.setItem(KEPT, String(Date.now() + SECONDS * 1000));
  start(Date.now() + SECONDS * 1000);
  say("Value copied");
  print = await digest(value);
}

document.addEventListener("kvportal:copied", (event) => {
  tabs.postMessage("copied");
  if (event.detail.value === undefined) end();
  else hold(event.detail.value);
});
tabs.onmessage = () => end(); // another tab of the portal has copied something; if it is a value, that tab has its own countdown

// Copied by hand: from the shown value, or something else; then the clipboard is no longer ours to clear.
for (const name of ["copy", "cut"]) {
  document.addEventListener(name, () => {
    const place = getSelection().anchorNode;
    const shown = document.querySelector("[data-value]");
    tabs.postMessage("copied");
    if (shown && shown.contains(place)) hold(String(getSelection()));
    else end();
  });
}

const kept = Number(sessionStorage.getItem(KEPT));
if (kept) start(kept);
