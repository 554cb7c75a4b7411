/* Parts that poll: after a temporary failure they continue with a longer pause. */

const PAUSE = 10;

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(failure, ({ detail: { elt: part, xhr } }) => {
    if (!part.matches("[data-looks]") || (xhr?.status >= 400 && xhr.status < 429)) return; // no permission, or not found
    const note = part.querySelector("[data-next-look]");
    if (note) note.textContent = `the last look failed; next in ${PAUSE} s`;
    setTimeout(() => { if (part.isConnected) window.htmx.trigger(part, "again"); }, PAUSE * 1000);
  });
}

// After a successful poll, remove the refusal of the failed one above the page's content.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.matches?.("[data-looks]") && event.detail.shouldSwap) document.getElementById("refusals")?.replaceChildren();
});
