/* Theme and time zone. Loaded in <head> without defer, so that the theme is set before the first paint. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  let chosen = null;
  try {
    chosen = localStorage.getItem("kvportal-theme");
  } catch {
    // Storage may be disabled: then the system's preference applies.
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
      // The choice lasts for this page only.
    }
    apply();
  });

  // The server renders times in the viewer's time zone, which it reads from this cookie.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (/^[\w+/-]+$/.test(zone ?? "")) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `timezone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  }
})();
