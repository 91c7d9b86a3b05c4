/* The pages around the log-in: theme, copying a token. */
(function () {
  const root = document.documentElement;

  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("mtz-theme", root.dataset.bsTheme);
    } catch {
      // a browser that keeps nothing: the theme lasts as long as the page
    }
  });

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    });
  }
})();
