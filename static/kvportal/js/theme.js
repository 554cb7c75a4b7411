/* Loaded in <head> without defer: theme and zone are known before the first paint, so nothing flashes. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  let chosen = null;
  try {
    chosen = localStorage.getItem("kvportal-theme");
  } catch {
    // Storage may be switched off; the system's preference is then followed.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.dataset.bsTheme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  };
  apply();
  dark.addEventListener("change", apply);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-switch]")) return;
    chosen = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("kvportal-theme", chosen);
    } catch {
      // Kept for this page only.
    }
    apply();
  });

  // The server draws times in the viewer's zone; it learns the zone from this cookie.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (/^[\w+/-]+$/.test(zone ?? "")) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `timezone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
})();
