/* Tabs of a vault: tabs that don't fit go under More, except the tab of the page. On a phone the row scrolls instead. */

const row = document.querySelector(".tabs");
const phone = matchMedia("(max-width: 760px)");
if (row) new ResizeObserver(fit).observe(row);

function fit() {
  const more = row.querySelector(".tabs-more");
  const items = more.querySelector(".menu-items");
  const focused = row.contains(document.activeElement) && document.activeElement;
  const fits = () => row.scrollWidth <= row.clientWidth;

  row.prepend(...row.querySelectorAll(":scope > a"), ...items.children);
  more.hidden = true;
  if (!phone.matches && !fits()) {
    more.hidden = false;
    for (const tab of [...row.querySelectorAll(":scope > a:not([aria-current])")].reverse()) {
      items.prepend(tab);
      if (fits()) break;
    }
  }
  if (focused) focused.focus();
}
