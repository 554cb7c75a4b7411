/* Lists: filter while typing, states as chips, sort by any column, select with Shift, and the bar for a selection.
   All of it works on the loaded rows. Further rows arrive from Azure until the user stops loading, and are treated
   the same. */

const table = document.querySelector("table[data-list]");
if (table) enhance(table);

function enhance(list) {
  const body = list.tBodies[0];
  const filter = document.querySelector("[data-list-filter]");
  const chips = [...document.querySelectorAll("[data-show]")];
  const loaded = document.querySelector("[data-loaded]");
  const empty = document.getElementById("no-match");
  const address = new URLSearchParams(location.search);
  const view = { text: address.get("filter") ?? "", show: address.get("show") ?? "all", managed: address.has("managed"), sort: address.get("sort") ?? "" };
  const stop = document.querySelector("[data-stop]");
  const hint = filter?.placeholder;
  let stopped = false;
  const rows = () => [...body.querySelectorAll("tr[data-row]")];
  const visible = () => rows().filter((row) => !row.hidden);

  function remember() {
    const keep = new URLSearchParams(location.search);
    const put = (name, value) => (value ? keep.set(name, value) : keep.delete(name));
    put("filter", view.text);
    put("show", view.show === "all" ? "" : view.show);
    put("managed", view.managed ? "1" : "");
    put("sort", view.sort);
    history.replaceState(history.state, "", keep.size ? `?${keep}` : location.pathname);
  }

  const text = (row) => (row.dataset.text ??= [...row.querySelectorAll(".name, .tag, [data-sort]")].map((cell) => cell.textContent).join(" ").toLowerCase());
  const foldedAway = (row) => "managed" in row.dataset && !view.managed;
  const matches = (row) => !foldedAway(row) && (view.show === "all" || row.dataset.state === view.show)
    && view.text.toLowerCase().split(/\s+/).every((word) => text(row).includes(word));

  function draw() {
    const all = rows();
    for (const row of all) row.hidden = !matches(row);
    const open = all.filter((row) => !foldedAway(row));
    for (const chip of chips) {
      const show = chip.dataset.show;
      const count = show === "all" ? open.length : show === "managed" ? all.filter((row) => "managed" in row.dataset).length : open.filter((row) => row.dataset.state === show).length;
      chip.querySelector("[data-count]").textContent = count;
      chip.hidden = count === 0 && show !== "all" && view.show !== show;
      chip.setAttribute("aria-pressed", show === "managed" ? view.managed : view.show === show);
      if (show === "managed") chip.querySelector("[data-word]").textContent = view.managed ? "Managed shown" : "Managed hidden";
    }
    const more = body.querySelector("tr.more");
    const failed = Boolean(more?.classList.contains("failed") || body.querySelector("tr.broken-off"));
    more?.classList.toggle("stopped", stopped);
    const loading = Boolean(more) && !failed;
    if (loaded) drawLoaded(open.length, loading, failed);
    if (filter) filter.placeholder = more ? `Filter the first ${open.length}` : hint;
    if (empty) drawEmpty(open.length, loading && !stopped);
    drawSelection();
  }

  // Progress of loading. The total is what the last scan counted; it is not shown unless it exceeds the loaded rows.
  function drawLoaded(count, unfinished, failed) {
    const total = Number(loaded.dataset.total ?? 0) + (view.managed ? Number(loaded.dataset.totalManaged ?? 0) : 0);
    const amount = total > count ? `${count} of ${total}` : count;
    const shown = visible().length;
    const some = shown === count ? "" : `${shown} shown · `;
    loaded.querySelector("[data-text]").textContent = failed ? `${some}${count} loaded, the rest could not be read`
      : !unfinished ? `${some}${count} loaded` : stopped ? `${some}${some ? "stopped" : "Stopped"} at ${amount}` : `${some}${amount}, loading`;
    loaded.setAttribute("aria-busy", unfinished && !stopped); // screen readers announce it once, at the end
    const bar = loaded.querySelector(".bar");
    if (bar) {
      bar.hidden = !unfinished || stopped || total <= count;
      bar.style.setProperty("--part", total > count ? count / total : 0);
    }
    if (!stop) return;
    if (!unfinished && document.activeElement === stop) loaded.focus();
    stop.hidden = !unfinished;
    stop.textContent = stopped ? "Load the rest" : "Stop";
  }

  // No match: show how many rows were compared, and links that search elsewhere for the same words.
  function drawEmpty(count, loading) {
    empty.hidden = rows().length === 0 || visible().length > 0 || Boolean(loading);
    empty.querySelector("[data-none]").textContent = `None of ${count} matches`;
    for (const [mark, field] of [["data-search-all", "q"], ["data-search-deleted", "filter"]]) {
      const link = empty.querySelector(`[${mark}]`);
      if (link) link.search = view.text ? `${new URLSearchParams({ [field]: view.text })}` : "";
    }
  }

  // Sorting
  const heads = [...list.tHead.rows[0].cells];
  const key = (cell) => cell?.dataset.sort ?? cell?.textContent.trim() ?? "";
  function sort() {
    for (const head of heads) head.removeAttribute("aria-sort");
    const name = view.sort.replace("-", "");
    const column = heads.findIndex((head) => head.dataset.column === name);
    if (column < 0) return;
    const down = view.sort.startsWith("-");
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = rows().sort((a, b) => {
      const [left, right] = [key(a.cells[column]), key(b.cells[column])];
      if (!left || !right) return left ? -1 : right ? 1 : 0;
      return left.localeCompare(right, undefined, { numeric: true, sensitivity: "base" }) * (down ? -1 : 1);
    });
    body.prepend(...sorted);
  }
  for (const head of heads.filter((cell) => cell.dataset.column)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      view.sort = view.sort === head.dataset.column ? `-${view.sort}` : head.dataset.column;
      sort();
      remember();
    });
  }

  // Selecting
  const bar = document.querySelector("[data-bulk]");
  let last = null;
  const boxes = () => visible().map((row) => row.querySelector("[data-select]")).filter(Boolean);
  const chosen = () => rows().filter((row) => row.querySelector("[data-select]")?.checked);
  function drawSelection() {
    for (const row of rows()) row.classList.toggle("selected", Boolean(row.querySelector("[data-select]")?.checked));
    if (!bar) return;
    const picked = chosen();
    bar.hidden = picked.length === 0;
    bar.querySelector("[data-number]").textContent = `${picked.length} selected`;
    for (const act of bar.querySelectorAll("[data-one]")) {
      act.hidden = picked.length !== 1 || "managed" in picked[0].dataset; // a managed secret or key changes only with its certificate
      if (picked.length === 1) act.href = picked[0].dataset.row + act.dataset.one;
    }
    for (const copy of bar.querySelectorAll("[data-join]")) copy.dataset.copy = picked.map((row) => row.dataset[copy.dataset.join]).join("\n");
    const every = list.querySelector("[data-select-all]");
    if (every) {
      every.checked = picked.length > 0 && boxes().every((one) => one.checked);
      every.indeterminate = picked.length > 0 && !every.checked;
    }
  }
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[data-select]");
    if (!one) return;
    if (event.shiftKey && last) {
      const all = boxes();
      const [from, to] = [all.indexOf(last), all.indexOf(one)].sort((a, b) => a - b);
      if (from >= 0) for (const between of all.slice(from, to + 1)) between.checked = one.checked;
    }
    last = one;
    drawSelection();
  });
  list.querySelector("[data-select-all]")?.addEventListener("change", (event) => {
    for (const one of boxes()) one.checked = event.target.checked;
    drawSelection();
  });
  bar?.querySelector("[data-clear]").addEventListener("click", () => {
    for (const row of chosen()) row.querySelector("[data-select]").checked = false;
    drawSelection();
  });

  // Filter and chips
  if (filter) {
    filter.value = view.text;
    filter.addEventListener("input", () => { view.text = filter.value.trim(); draw(); remember(); });
    filter.form?.addEventListener("submit", (event) => event.preventDefault());
  }
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      if (chip.dataset.show === "managed") view.managed = !view.managed;
      else view.show = view.show === chip.dataset.show ? "all" : chip.dataset.show;
      draw();
      remember();
    });
  }
  empty?.querySelector("[data-clear-filter]").addEventListener("click", () => {
    Object.assign(view, { text: "", show: "all" });
    if (filter) filter.value = "";
    filter?.focus();
    draw();
    remember();
  });
  document.body.addEventListener("htmx:afterSettle", () => { sort(); draw(); });
  // Loading failed: the loaded rows stay usable, and the link tries again.
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(failure, (event) => {
      const row = event.target.closest?.("tr.more");
      if (!row) return;
      row.classList.add("failed");
      draw();
    });
  }
  function goOn(row) {
    document.getElementById("refusals")?.replaceChildren();
    row.classList.remove("failed");
    stopped = false;
    draw();
    window.htmx.trigger(row, "again");
  }
  body.addEventListener("click", (event) => {
    const row = event.target.closest(".load-more")?.closest("tr");
    if (!row) return;
    event.preventDefault(); // the link's page would have only the further rows
    goOn(row);
  });
  stop?.addEventListener("click", () => {
    const row = body.querySelector("tr.more");
    if (stopped) return goOn(row);
    stopped = true;
    window.htmx.trigger(row, "htmx:abort");
    draw();
  });
  // If a page arrives after loading was stopped, it is shown but loads no further one.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (stopped && event.target.matches("tr.more")) event.preventDefault();
  });
  sort();
  draw();
}
