/* Tags as rows of name and value above the textarea that is sent: a line `name=value` for each, or a JSON object if a name
   can't be written on such a line. Spaces at either end belong to names and values; they are kept, with a note. */

const LIMIT = 15;
// Line ends, control and direction characters: a row would lose them, or show them as something else.
const UNSEEN = /[\0-\x08\n-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

for (const area of document.querySelectorAll("textarea[data-tags]")) {
  const tags = read(area.value);
  if (tags) edit(area, tags);
}

// Null if rows can't show the text (for example a line that is not name=value): then the textarea is not replaced.
function read(text) {
  if (text.trimStart().startsWith("{")) {
    try {
      const tags = Object.entries(JSON.parse(text));
      return tags.some((tag) => UNSEEN.test(tag.join(""))) ? null : tags;
    } catch {
      return null;
    }
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.every((line) => line.indexOf("=") > 0) ? lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]) : null;
}

function text(tags) {
  const plain = tags.every(([name]) => name.trim() !== "" && !name.includes("=")) && !(tags[0]?.[0] ?? "").trimStart().startsWith("{");
  const unique = new Set(tags.map(([name]) => name)).size === tags.length;
  return plain || !unique ? tags.map(([name, value]) => `${name}=${value}`).join("\n") : JSON.stringify(Object.fromEntries(tags));
}

function edit(area, tags) {
  const rows = document.createElement("div");
  rows.className = "tag-rows";
  const tools = document.createElement("div");
  tools.className = "tag-tools";
  const add = button("btn btn-small", "Add a tag");
  const raw = button("btn btn-small btn-plain", "Edit as text");
  const count = document.createElement("span");
  count.className = "counter";
  tools.append(add, raw, count);
  area.before(rows);
  area.after(tools);
  area.hidden = true;
  const label = document.querySelector(`label[for="${area.id}"]`);
  const describedBy = area.getAttribute("aria-describedby");
  rows.setAttribute("role", "group");
  rows.setAttribute("aria-label", label?.textContent.trim() ?? "Tags");
  if (describedBy) rows.setAttribute("aria-describedby", describedBy);

  const fields = () => [...rows.children].map((row) => [...row.querySelectorAll("input")].map((input) => input.value));
  function write() {
    area.value = text(fields().filter(([name, value]) => name !== "" || value !== ""));
    area.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
  }
  function draw() {
    const used = rows.children.length;
    count.textContent = `${used} of ${LIMIT}`;
    add.disabled = used >= LIMIT;
    for (const row of rows.children) {
      const [name, value] = [...row.querySelectorAll("input")];
      const spaced = [[name, "name"], [value, "value"]].filter(([input]) => input.value !== input.value.trim()).map(([, word]) => word);
      const note = row.querySelector(".blank-note");
      note.hidden = spaced.length === 0;
      note.textContent = `Spaces at the start or end of the ${spaced.join(" and the ")} are kept.`;
    }
  }
  function append(name = "", value = "") {
    const row = document.createElement("div");
    row.className = "tag-row";
    const remove = button("btn btn-icon btn-plain", "×");
    remove.setAttribute("aria-label", "Remove this tag");
    const note = document.createElement("span");
    note.className = "blank-note";
    row.append(input("Name", name, area.dataset.longest), input("Value", value, area.dataset.longest), remove, note);
    remove.addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      (next?.querySelector("input") ?? add).focus();
      write();
    });
    rows.append(row);
    return row;
  }

  for (const [name, value] of tags) append(name, value);
  rows.addEventListener("input", (event) => { event.stopPropagation(); write(); });
  rows.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!add.disabled) add.click();
  });
  add.addEventListener("click", () => { append().querySelector("input").focus(); draw(); });
  raw.addEventListener("click", () => {
    rows.remove();
    tools.remove();
    area.hidden = false;
    area.focus();
  });
  draw();
}

function button(classes, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = classes;
  made.textContent = text;
  return made;
}

function input(word, value, longest) {
  const made = document.createElement("input");
  made.type = "text";
  made.value = value;
  made.maxLength = Math.max(longest, value.length); // an existing longer text can still be edited
  made.placeholder = word;
  made.spellcheck = false;
  made.setAttribute("aria-label", `Tag ${word.toLowerCase()}`);
  return made;
}
