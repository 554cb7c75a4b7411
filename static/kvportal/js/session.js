/* Before a form is sent, check that the session still exists, so that no input is lost to a sign-in page. */

const form = document.querySelector("form[data-guard]");
let asking = false;
let certain = false;

// Runs before all other listeners: during the check, the form does not count as sent.
form?.addEventListener("submit", async (event) => {
  if (certain) { certain = false; return; }
  event.preventDefault();
  event.stopPropagation();
  if (asking) return;
  asking = true;
  const ended = await sessionEnded();
  asking = false;
  if (ended) return showEnd();
  certain = true;
  form.requestSubmit(event.submitter);
}, { capture: true });

// A sign-in in another tab changes the CSRF token, so the form gets the present one.
async function sessionEnded() {
  try {
    const answer = await fetch("/session/", { cache: "no-store" });
    if (answer.status === 401) return true;
    if (answer.ok) form.querySelector("[name=csrfmiddlewaretoken]").value = (await answer.json()).token;
  } catch {
    // Not reachable: the browser will report that.
  }
  return false;
}

function showEnd() {
  const notice = document.getElementById("session-ended").content.cloneNode(true).firstElementChild;
  document.querySelector(".session-ended")?.remove();
  form.before(notice);
  notice.focus();
}
