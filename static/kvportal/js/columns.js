/* Columns of a list: the available width decides which are shown (lists.css) until the user chooses. The choice is stored for each
   list in this browser. It also applies to rows loaded later, because the table refers to columns by position. */

const NAME = 170; // minimum width of the name in pixels, for any choice of columns
const phone = matchMedia("(max-width: 760px)"); // its rows are cards
const choices = {};

function choiceOf(list) {
  try {
    return { ...JSON.parse(localStorage.getItem(`kvportal-columns-${list}`)) };
  } catch {
    return {}; // No storage, or other content in it: the available width decides.
  }
}

function keep(list) {
  try {
    localStorage.setItem(`kvportal-columns-${list}`, JSON.stringify(choices[list]));
  } catch {
    // The choice lasts for this page only.
  }
}

function offer(menu) {
  const card = menu.closest(".table-card");
  const table = card.querySelector("table");
  const list = menu.dataset.columns;
  const choice = (choices[list] ??= choiceOf(list));
  const name = table.querySelector("thead .col-name");
  const heads = [...table.tHead.rows[0].cells].filter((head) => head !== name && head.matches(":not(.check, :has(.visually-hidden))"));
  const boxes = new Map(heads.map((head) => [head, boxFor(head)]));
  const shown = (head) => getComputedStyle(head).display !== "none";
  const places = (wanted) => heads.filter((head) => choice[head.textContent.trim()] === wanted).map((head) => head.cellIndex + 1).join(" ");

  function boxFor(head) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    label.append(box, head.textContent.trim());
    menu.querySelector("[data-boxes]").append(label);
    box.addEventListener("change", () => choose(head, box.checked));
    return box;
  }

  function choose(head, wanted) {
    const column = head.textContent.trim();
    delete choice[column];
    draw();
    if (shown(head) !== wanted) choice[column] = wanted; // else the available width gives the same result
    keep(list);
    draw();
  }

  function draw() {
    table.dataset.with = places(true);
    table.dataset.without = places(false);
    for (const [head, box] of boxes) box.checked = shown(head);
    menu.querySelector("[data-count]").textContent = `, ${heads.filter(shown).length + 1} of ${heads.length + 1}`;
    table.style.minWidth = "";
    if (!table.dataset.with || phone.matches) return;
    // In steps: a column with a share of the width grows too, and a name without any width may lack more than all of its own.
    for (let step = 0; step < 8 && name.offsetWidth < NAME; step++) {
      table.style.minWidth = `${table.offsetWidth + (NAME - name.offsetWidth) * 1.25}px`;
    }
  }

  menu.hidden = false;
  new ResizeObserver(draw).observe(card);
  draw();
}

const offerAll = () => document.querySelectorAll("[data-columns][hidden]").forEach(offer);
offerAll();
document.body.addEventListener("htmx:afterSwap", offerAll);
