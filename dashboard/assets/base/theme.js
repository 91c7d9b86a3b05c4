/* Dark or light, kept for the next visit. The page's head sets it before anything is painted. */
(function () {
  const KEY = "mtz-theme";
  const current = () => document.documentElement.dataset.bsTheme || "dark";

  function set(theme) {
    document.documentElement.dataset.bsTheme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // a browser that keeps nothing: the theme lasts as long as the page
    }
    window.mtz.charts.tools.recolour();
    window.mtz.control.compare.redraw();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#theme")) set(current() === "dark" ? "light" : "dark");
  });
})();
