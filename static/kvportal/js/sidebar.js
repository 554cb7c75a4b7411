/* The sidebar: scroll position and filter of the list of vaults. On a phone it is a drawer, opened by a link to #sidebar:
   with JavaScript it takes the focus, closes on a click outside, and adds no entry to the history. */

const sidebar = document.getElementById("sidebar");
const vaults = document.getElementById("sidebar-vaults");
const filter = sidebar?.querySelector(".sidebar-filter");

// Scroll to the neighbours of this page's vault: its style keeps only the vault itself in view.
const here = vaults?.querySelector(".here");
const before = here?.previousElementSibling;
if (before) vaults.scrollTop = before.offsetTop + before.offsetHeight - (vaults.clientHeight - here.offsetHeight) / 2;

filter?.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/);
  for (const item of vaults.children) item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
  sidebar.querySelector(".sidebar-none").textContent = vaults.querySelector("li:not([hidden])") ? "" : "No vault matches.";
});
filter?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") vaults.querySelector("li:not([hidden]) a")?.click();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[href='#sidebar']");
  if (opener) {
    event.preventDefault();
    location.replace("#sidebar");
    sidebar.querySelector(".drawer-close").focus();
  } else if (location.hash === "#sidebar" && (!sidebar.contains(event.target) || event.target.closest(".drawer-close"))) {
    event.preventDefault();
    location.replace("#main");
    document.querySelector("a[href='#sidebar']").focus();
  }
});
