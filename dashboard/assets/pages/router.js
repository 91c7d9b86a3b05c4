/* Which page is shown. All of them are there: a change of page costs no request and loses nothing. */
(function () {
  const PAGES = { "/": "overview", "/about": "about" };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    route: (path) => {
      const page = PAGES[path] || "missing";
      const { show } = window.mtz.ui;
      for (const name of ["overview", "about", "missing"]) show(`page-${name}`, { hidden: name !== page });
      for (const name of ["overview", "about"]) show(`nav-${name}`, { className: name === page ? "page-tab active" : "page-tab" });
      for (const link of document.querySelectorAll(".page-tab")) {
        if (link.getAttribute("href") === path) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    },
  });
})();
