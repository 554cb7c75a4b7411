/* Before a form is sent: is somebody still signed in? A sign-in page must not swallow what was typed. */

const form = document.querySelector("form[data-guard]");
let asking = false;
let certain = false;

// Ahead of everybody else's listeners: while we ask, nothing counts as sent.
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

// A sign-in in another tab makes new form tokens, so the form gets one that is good now.
async function sessionEnded() {
  try {
    const answer = await fetch("/session/", { cache: "no-store" });
    if (answer.status === 401) return true;
    if (answer.ok) form.querySelector("[name=csrfmiddlewaretoken]").value = (await answer.json()).token;
  } catch {
    // Not reachable: the browser will say so itself.
  }
  return false;
}

function showEnd() {
  const notice = document.getElementById("session-ended").content.cloneNode(true).firstElementChild;
  document.querySelector(".session-ended")?.remove();
  form.before(notice);
  notice.focus();
}
