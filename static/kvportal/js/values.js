/* Hints at invisible characters in a value that is typed or pasted into a form. The server gives similar hints for a revealed one. */

const UNSEEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xa0\xad\u061c\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff]/gu;

function hints(value) {
  const text = value.replace(/^\ufeff/, "");
  const found = [];
  if (text !== value) found.push("starts with a byte order mark (BOM)");
  const unseen = [...new Set(text.match(UNSEEN))].map((mark) => `U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`);
  if (unseen.length) found.push(`unseen characters: ${unseen.slice(0, 4).join(", ")}${unseen.length > 4 ? ", …" : ""}`);
  if (text !== text.trimStart()) found.push("starts with blank space");
  if (text.endsWith("\n")) found.push("ends in a line end");
  else if (text !== text.trimEnd()) found.push("ends in blank space");
  return found;
}

for (const control of document.querySelectorAll("[data-guard] textarea[data-secret]")) {
  const place = document.createElement("div");
  place.className = "help tone-soon";
  place.dataset.valueHints = "";
  place.setAttribute("role", "status");
  const draw = () => {
    const found = hints(control.value).join(" · ");
    place.textContent = found && `The value: ${found}`;
  };
  (control.closest(".field")?.querySelector(".under") ?? control.parentElement).append(place);
  control.addEventListener("input", draw);
  draw();
}
