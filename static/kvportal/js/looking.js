/* A part that looks again by itself: after a look that failed for the moment it goes on, more slowly. */

const PAUSE = 10;

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(failure, ({ detail: { elt: part, xhr } }) => {
    if (!part.matches("[data-looks]") || (xhr?.status >= 400 && xhr.status < 429)) return; // no right, or nothing there
    const said = part.querySelector("[data-next-look]");
    if (said) said.textContent = `the last look failed; next in ${PAUSE} s`;
    setTimeout(() => { if (part.isConnected) window.htmx.trigger(part, "again"); }, PAUSE * 1000);
  });
}

// Then what the failed one left over the page's content is settled.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.matches?.("[data-looks]") && event.detail.shouldSwap) document.getElementById("refusals")?.replaceChildren();
});
