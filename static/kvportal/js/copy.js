/* Copy buttons: `data-copy` holds the text, or `data-copy-from` names the element that shows it. */

function done(button) {
  if (!button || button.dataset.busy) return;
  const before = [...button.childNodes];
  button.dataset.busy = "1";
  button.classList.add("tone-ok");
  button.textContent = button.classList.contains("btn-icon") ? "✓" : "✓ Copied";
  setTimeout(() => {
    button.replaceChildren(...before);
    button.classList.remove("tone-ok");
    delete button.dataset.busy;
  }, 1800);
}

document.addEventListener("kvportal:copied", (event) => done(event.detail.button));

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  try {
    await navigator.clipboard.writeText(source ? source.textContent : button.dataset.copy);
    document.dispatchEvent(new CustomEvent("kvportal:copied", { detail: { button } }));
    document.dispatchEvent(new CustomEvent("kvportal:say", { detail: "Copied" }));
  } catch {
    document.dispatchEvent(new CustomEvent("kvportal:toast", { detail: "The browser does not allow copying here; select the text instead." }));
  }
});
