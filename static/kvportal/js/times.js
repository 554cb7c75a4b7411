/* Updates relative times such as "3 min ago" while a page is open, in the same words as the server (vaults/templatetags). */

const UNITS = [[3600, 60, "min"], [86400, 3600, "h"], [60 * 86400, 86400, "d"], [365.25 * 86400, 30.44 * 86400, "mo"], [Infinity, 365.25 * 86400, "y"]];

function relative(moment, now) {
  const seconds = (moment - now) / 1000;
  const span = Math.abs(seconds);
  if (span < 60) return "just now";
  const [, unit, word] = UNITS.find(([limit]) => span < limit);
  const amount = `${Math.floor(span / unit)} ${word}`;
  return seconds > 0 ? `in ${amount}` : `${amount} ago`;
}

function elapsed(since, now) {
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

setInterval(() => {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-relative]")) time.textContent = relative(Date.parse(time.dateTime), now);
}, 30_000);

function drawElapsed() {
  for (const time of document.querySelectorAll("time[data-elapsed]")) time.textContent = elapsed(Date.parse(time.dateTime), Date.now());
}
drawElapsed();
setInterval(drawElapsed, 1000);
document.body.addEventListener("htmx:afterSwap", drawElapsed);
