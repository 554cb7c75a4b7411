/* Announces htmx changes to screen readers, shows failed requests, closes messages, and moves the focus to what the user must read. */

const live = document.getElementById("live");

function say(text) {
  if (!live || !text) return;
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 60);
}

function toast(text) {
  const place = document.getElementById("toasts");
  const pattern = document.getElementById("toast-template");
  if (!place || !pattern) return;
  const item = pattern.content.cloneNode(true);
  item.querySelector("[data-text]").textContent = text;
  place.append(item);
}

document.addEventListener("kvportal:say", (event) => say(event.detail));
document.addEventListener("kvportal:toast", (event) => toast(event.detail));

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast-item")?.remove();
});

// Success and info messages disappear after 8 seconds; errors stay until they are closed.
for (const item of document.querySelectorAll(".toast-item.success, .toast-item.info")) {
  setTimeout(() => item.matches(":hover, :focus-within") || item.remove(), 8000);
}

// The first empty field of a form page, if a field there or after it is required: it gets the focus. Not the confirmation
// password: it comes last, and a page opens at its top.
function firstToFill() {
  const typed = ":is(input:not([type=hidden], [type=checkbox], [type=radio]), textarea):not([name=confirm_password])";
  const fields = [...document.querySelectorAll(`:is(.form-page, .entrance) form ${typed}`)].filter((field) => field.offsetParent);
  const needed = fields.findIndex((field) => field.matches(":invalid"));
  return fields.slice(0, needed + 1).find((field) => !field.value) ?? fields[needed];
}

// Focus what the user must read or fill in.
const called = document.querySelector("[data-focus]");
if (called) called.focus();
else firstToFill()?.focus({ preventScroll: true });

document.body.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  const spoken = part.matches?.("[data-say]") ? part : part.querySelector?.("[data-say]");
  say(spoken?.dataset.say);
});

// If an error response contains the requested part of the page (the result of a failed test), swap it in as usual.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { isError, target, xhr } = event.detail;
  if (!isError || !target.id) return;
  if (!new DOMParser().parseFromString(xhr.responseText, "text/html").getElementById(target.id)) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// If the request for a part of the page is refused, show the server's text above the page's content.
document.body.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  const problem = new DOMParser().parseFromString(responseText, "text/html").querySelector(".problem");
  const place = document.getElementById("refusals");
  if (!problem || !place) return toast(`That did not work; the server answered ${status}. Reload the page to see more.`);
  const title = (shown) => shown.querySelector("h1, h2")?.textContent;
  const known = title(place) === title(problem); // no focus for a problem that is shown already
  place.replaceChildren(document.importNode(problem, true));
  if (!known) place.firstElementChild.focus();
});
document.body.addEventListener("htmx:sendError", () => toast("The portal can't be reached. Check the network and try again."));
document.body.addEventListener("htmx:timeout", () => toast("No answer within 30 seconds. Reload the page to see what happened."));
