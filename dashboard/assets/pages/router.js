/* Which page is shown. All of them are there: a change of page costs no request and loses nothing. */
(function () {
  const PAGES = { "/": "overview", "/strategies": "strategies", "/about": "about" };
  const TITLES = { strategies: "Strategies", about: "About", missing: "No such page" };
  const NAMES = ["overview", "strategies", "about"];
  let shown = null;

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    route: (path) => {
      const page = PAGES[path.length > 1 ? path.replace(/\/$/, "") : path] || "missing";
      const { show } = window.mtz.ui;
      for (const name of [...NAMES, "missing"]) show(`page-${name}`, { hidden: name !== page });
      for (const name of NAMES) show(`nav-${name}`, { className: name === page ? "page-tab active" : "page-tab" });
      for (const link of document.querySelectorAll(".page-tab")) {
        if (PAGES[link.getAttribute("href")] === page) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
      window.mtz.title = TITLES[page] || "";
      window.mtz.connection.render();
      // Another page begins at its top; a reload and a mark in the address find their place by themselves.
      if (shown !== null && shown !== page && !location.hash) window.scrollTo(0, 0);
      shown = page;
      requestAnimationFrame(() => window.mtz.control.page.followed()); // what was not looked at was not asked for
    },
  });
})();
