/* Forms: counters, a warning before input is lost, and one submit per click. */

const encoder = new TextEncoder();
const form = document.querySelector("form[data-guard]");
let dirty = Boolean(form?.hasAttribute("data-typed")); // a refused form comes back with its input

// Warn before input is lost.
form?.addEventListener("input", (event) => { if (event.target.form === form) dirty = true; }); // the choice of "By hand" is not its own
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

// A second click sends nothing. The button works again if the page is shown again (back button, refused download).
document.addEventListener("submit", (event) => {
  const sent = event.target;
  if (sent.method !== "post" || sent.hasAttribute("hx-post")) return;
  if (sent.dataset.sent) return event.preventDefault();
  sent.dataset.sent = "1";
  if (sent === form) dirty = false;
  const button = event.submitter;
  setTimeout(() => { if (button) { button.classList.add("working"); button.setAttribute("aria-disabled", "true"); } });
  // The answer may be a file, and then the page stays: nothing tells when it has arrived.
  if (sent.hasAttribute("data-gives-file")) setTimeout(() => release(sent), 5000);
});
addEventListener("pageshow", () => { document.querySelectorAll("form[data-sent]").forEach(release); });

function release(sent) {
  delete sent.dataset.sent;
  for (const button of sent.querySelectorAll(".working")) { button.classList.remove("working"); button.removeAttribute("aria-disabled"); }
}

// An element must not move between pointer down and up: then there would be no click.
let pressed = false;
addEventListener("pointerdown", () => { pressed = true; }, true);
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => { pressed = false; }, true);

// A list in a text field: one item a line, or also with commas and spaces between them. What is there twice is sent once.
function itemsIn(control) {
  const separators = "words" in control.dataset ? /[\s,]+/ : /[\r\n]+/;
  return new Set(control.value.split(separators).map((item) => item.trim()).filter(Boolean)).size;
}

// Counters are shown while a field has the focus, and from half of its limit on.
function counter(control) {
  const bytes = Number(control.dataset.countBytes);
  const items = Number(control.dataset.countItems);
  const limit = bytes || items || Number(control.dataset.count) || control.maxLength;
  if (!(limit > 0) || control.type === "password") return;
  const place = document.createElement("div");
  place.className = "counter";
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  const draw = () => {
    const used = bytes ? encoder.encode(control.value).length : items ? itemsIn(control) : control.value.length;
    place.textContent = `${used.toLocaleString()} of ${limit.toLocaleString()}${bytes ? " bytes" : ""}`;
    place.classList.toggle("over", used > limit);
    place.hidden = used < limit * 0.5 && document.activeElement !== control;
    spoken.textContent = used > limit ? `${items ? "Too many" : "Too long"} by ${used - limit}` : "";
  };
  const under = control.closest(".field")?.querySelector(".under");
  (under ?? control.parentElement).append(place, spoken);
  for (const name of ["input", "focus"]) control.addEventListener(name, draw);
  control.addEventListener("blur", () => (pressed ? addEventListener("pointerup", () => setTimeout(draw), { once: true }) : draw()));
  draw();
}
for (const control of document.querySelectorAll("[data-guard] :is([maxlength], [data-count], [data-count-items], [data-count-bytes])")) counter(control);

// A new version: the summary lists the changed parts. Hidden fields named initial-… hold the initial values of a field.
const tally = document.querySelector("[data-guard] .tally");
// A field without one starts empty, or as the page rendered it; if the form comes back, the server knows whether it was changed.
function isTouched(part) {
  return [...part.querySelectorAll("[name]:not([name^=initial-], [type=hidden])")].some((control) => {
    const before = [...part.querySelectorAll(`[name="initial-${control.name}"]`)].map((hidden) => hidden.value.trim());
    if (!before.length) {
      const same = ["checkbox", "radio"].includes(control.type) ? control.checked === control.defaultChecked : control.value === (control.defaultValue ?? control.value);
      return !same || part.hasAttribute("data-changed");
    }
    if (control.type === "checkbox") return control.checked !== before.includes(control.value);
    return control.value.replaceAll("\r\n", "\n").trim() !== (before[0] ?? "").replaceAll("\r\n", "\n");
  });
}
function tell() {
  const parts = [...document.querySelectorAll("details.part")];
  for (const part of parts) part.classList.toggle("touched", isTouched(part));
  const names = parts.filter((part) => part.classList.contains("touched")).map((part) => part.dataset.part);
  tally.classList.toggle("touched", names.length > 0);
  // The steps are valid only for the initial issuer and validity. A policy has none.
  const steps = document.querySelector(".version-steps");
  if (steps) steps.hidden = names.includes("Authority") || names.includes("Validity");
  tally.querySelector("span").textContent = names.length ? `Changed: ${names.join(", ")}. ${tally.dataset.rest}` : tally.dataset.untouched;
}
if (tally) {
  form.addEventListener("input", tell);
  form.addEventListener("change", tell);
  tell();
}

// A key's form shows what its type has: the sizes of RSA or of AES, a curve and fewer operations for EC.
const keyType = document.querySelector("form[data-guard] select[name=kty]");
function fitKeyType() {
  const elliptic = keyType.value.startsWith("EC");
  for (const [name, wanted] of [["key_size", !elliptic], ["crv", elliptic]]) {
    const field = document.querySelector(`form[data-guard] [name=${name}]`)?.closest(".field");
    if (field) field.hidden = !wanted;
  }
  const sizes = document.querySelector("form[data-guard] select[name=key_size]");
  for (const size of sizes?.options ?? []) {
    size.hidden = size.disabled = size.value !== "" && size.text.endsWith("(AES)") !== keyType.value.startsWith("oct");
  }
  if (sizes?.selectedOptions[0]?.disabled) sizes.value = [...sizes.options].find((size) => !size.disabled).value;
  for (const operation of document.querySelectorAll("form[data-guard] [name=key_ops]")) {
    operation.closest("label").parentElement.hidden = elliptic && !["sign", "verify"].includes(operation.value);
  }
}
if (keyType) {
  keyType.addEventListener("change", fitKeyType);
  fitKeyType();
}

// A release policy is asked for once the key may be exported. What stands in it already stays in sight.
const exportable = document.querySelector("form[data-guard] input[name=exportable][type=checkbox]");
const ofExport = ["release_policy", "immutable"].map((name) => document.querySelector(`form[data-guard] [name=${name}]`));
function fitExport() {
  const given = ofExport.some((input) => (input.type === "checkbox" ? input.checked : input.value.trim()));
  for (const input of ofExport) input.closest(".field").hidden = !exportable.checked && !given;
}
if (exportable && ofExport.every(Boolean)) {
  exportable.addEventListener("change", fitExport);
  fitExport();
}
