/* Tabs of a vault: those that don't fit go under More, the one of the page never. A phone's row runs out at the edge instead. */

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
