/* Says aloud what htmx changed, shows what it could not do, closes messages, moves focus to what needs reading. */

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

// Good news leaves by itself; what went wrong stays until it is closed.
for (const item of document.querySelectorAll(".toast-item.success, .toast-item.info")) {
  setTimeout(() => item.matches(":hover, :focus-within") || item.remove(), 8000);
}

// A page that is a form begins in its first empty field, if there is one that must be filled in at or after it. Not in the
// password that confirms who is there: it comes last, and a page opens at its top.
function firstToFill() {
  const typed = ":is(input:not([type=hidden], [type=checkbox], [type=radio]), textarea):not([name=confirm_password])";
  const fields = [...document.querySelectorAll(`:is(.form-page, .entrance) form ${typed}`)].filter((field) => field.offsetParent);
  const needed = fields.findIndex((field) => field.matches(":invalid"));
  return fields.slice(0, needed + 1).find((field) => !field.value) ?? fields[needed];
}

// What needs reading or an answer has the focus.
const called = document.querySelector("[data-focus]");
if (called) called.focus();
else firstToFill()?.focus({ preventScroll: true });

document.body.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  const spoken = part.matches?.("[data-say]") ? part : part.querySelector?.("[data-say]");
  say(spoken?.dataset.say);
});

// A refusal may be told in the very part of the page that was asked for: the result of a test that failed.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { isError, target, xhr } = event.detail;
  if (!isError || !target.id) return;
  if (!new DOMParser().parseFromString(xhr.responseText, "text/html").getElementById(target.id)) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

// A refusal in answer to a part of the page is shown above the page's content, in the server's words.
document.body.addEventListener("htmx:responseError", (event) => {
  const { status, responseText } = event.detail.xhr;
  const problem = new DOMParser().parseFromString(responseText, "text/html").querySelector(".problem");
  const place = document.getElementById("refusals");
  if (!problem || !place) return toast(`That did not work; the server answered ${status}. Reload the page to see more.`);
  const title = (shown) => shown.querySelector("h1, h2")?.textContent;
  const known = title(place) === title(problem); // whoever has read it is not called back to it
  place.replaceChildren(document.importNode(problem, true));
  if (!known) place.firstElementChild.focus();
});
document.body.addEventListener("htmx:sendError", () => toast("The portal can't be reached. Check the network and try again."));
document.body.addEventListener("htmx:timeout", () => toast("No answer within 30 seconds. Reload the page to see what happened."));
