/* A revealed value is hidden after 30 seconds, and removed when the user leaves the page or returns to it from the
   browser's cache. Copy fetches the value without showing it on the page. */

const SECONDS = 30;
let timer = 0;
let exact = ""; // the exact value; its element may show it indented

const box = () => document.getElementById("value");
const event = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

// Show the box in its initial state.
function close() {
  put(document.getElementById("value-closed").content.cloneNode(true));
}

function put(...content) {
  box().replaceChildren(...content);
  window.htmx?.process(box());
}

function hide({ focus = false } = {}) {
  clearInterval(timer);
  const place = box();
  if (!place?.querySelector("[data-value]")) return;
  exact = "";
  for (const shown of place.querySelectorAll("[data-value]")) {
    shown.textContent = "";
    delete shown.dataset.exact;
  }
  close();
  if (focus) place.querySelector("button")?.focus();
  event("kvportal:say", "The value is hidden again");
}

// HTML can't hold a NUL: the text shows a word instead, and a data attribute has the exact value.
const exactOf = (shown) => (shown.dataset.exact ? JSON.parse(shown.dataset.exact) : shown.textContent);

function watch() {
  clearInterval(timer);
  const ring = box()?.querySelector("[data-seconds]");
  if (!ring) return;
  exact = exactOf(box().querySelector("[data-value]"));
  const pretty = box().querySelector("[data-pretty]");
  if (pretty) pretty.hidden = !prettier();
  const end = Date.now() + SECONDS * 1000;
  timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    ring.textContent = `${left} s`;
    if (left === 0) hide();
  }, 250);
}

// The value as indented JSON; "" if it is not JSON or would look the same.
function prettier() {
  try {
    const found = JSON.parse(exact);
    const text = JSON.stringify(found, null, 2);
    return typeof found === "object" && text !== exact ? text : "";
  } catch {
    return "";
  }
}

function togglePretty(button) {
  const shown = box().querySelector("[data-value]");
  const pressed = button.getAttribute("aria-pressed") !== "true";
  shown.textContent = pressed ? prettier() : exact;
  button.setAttribute("aria-pressed", pressed);
}

// Key Vault returns a PFX as base64 text; it is decoded here, in the browser.
function download(link) {
  const bytes = Uint8Array.from(atob(exact), (letter) => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/x-pkcs12" }));
  const away = Object.assign(document.createElement("a"), { href: address, download: link.dataset.download });
  away.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

async function copy(value, button) {
  await navigator.clipboard.writeText(value);
  event("kvportal:copied", { value, button });
}

async function copyUnseen(form, button) {
  if (!navigator.clipboard) throw new Error("no clipboard here"); // do not fetch the value in vain
  const body = new FormData(form);
  body.set("purpose", "copy");
  const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true", "HX-Target": "value", "HX-Current-URL": location.href } });
  const elsewhere = answer.headers.get("HX-Redirect"); // sign in first
  if (elsewhere) return location.assign(elsewhere);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.status === 422) { // the password is required: the same box, with a field for it
    put(...page.body.childNodes);
    box().querySelector("form").dataset.asksForCopy = "";
    return box().querySelector("[type=password]")?.focus();
  }
  const value = page.querySelector("[data-value]");
  if (!value) {
    const problem = page.querySelector(".problem");
    const place = document.getElementById("refusals");
    if (problem && place) return place.replaceChildren(document.importNode(problem, true));
    return event("kvportal:toast", `The value could not be copied; the server answered ${answer.status}.`);
  }
  await copy(exactOf(value), button);
  if (!form.querySelector("[type=password]")) return;
  close(); // remove the password from the page
  box().querySelector("[data-copy-value]")?.focus();
}

document.addEventListener("click", async (click) => {
  if (click.target.closest("[data-hide-value]")) {
    click.preventDefault();
    return hide({ focus: true });
  }
  const pretty = click.target.closest("[data-pretty]");
  if (pretty) return togglePretty(pretty);
  const away = click.target.closest("[data-download]");
  if (away) return download(away);
  const button = click.target.closest("[data-copy-value], [data-copy-shown]");
  if (!button) return;
  const form = button.closest("form");
  if (form && !form.reportValidity()) return;
  button.disabled = true;
  try {
    await (form ? copyUnseen(form, button) : copy(exact, button));
  } catch {
    event("kvportal:toast", "The browser does not allow copying here. Reveal the value and select it.");
  } finally {
    button.disabled = false;
  }
});

// Enter continues the copy that asked for the password; by default it would press the form's only submit button, Reveal.
document.addEventListener("keydown", (key) => {
  const form = key.key === "Enter" && key.target.closest("form[data-asks-for-copy]");
  if (!form || key.target.type !== "password") return;
  key.preventDefault();
  form.querySelector("[data-copy-value]").click();
});

document.addEventListener("keydown", (key) => {
  if (key.key === "Escape" && box()?.querySelector("[data-value]")) {
    key.stopImmediatePropagation();
    hide({ focus: true });
  }
}, true);

document.body.addEventListener("htmx:afterSettle", (swap) => {
  if (swap.detail.target?.id !== "value") return;
  watch();
  box().querySelector(".problem, [data-hide-value], [type=password]")?.focus();
});

addEventListener("pagehide", () => hide());
addEventListener("pageshow", (show) => { if (show.persisted && (box() || document.querySelector("[data-reload-when-restored]"))) location.reload(); });
watch();
