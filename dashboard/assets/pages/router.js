/* Which page is shown. All of them are there: a change of page costs no request and loses nothing. */
(function () {
  const HOME = "overview"; // the product's name alone is its title
  const nameOf = (tab) => tab.id.replace("nav-", "");
  let shown = null;

  /* A link to another page, written by the assets: followed without loading anything. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a.to-page");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    window.dash_clientside.set_props("location", { pathname: link.getAttribute("href"), hash: "" });
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    route: (path, config) => {
      window.mtz.state.state.config = config;
      const tabs = [...document.querySelectorAll(".page-tab")]; // the navigation says which pages there are
      const asked = path.length > 1 ? path.replace(/\/$/, "") : path;
      const here = tabs.find((tab) => tab.getAttribute("href") === asked);
      const page = here ? nameOf(here) : "missing";
      const { show } = window.mtz.ui;
      for (const name of [...tabs.map(nameOf), "missing"]) show(`page-${name}`, { hidden: name !== page });
      for (const tab of tabs) {
        show(tab.id, { className: tab === here ? "page-tab active" : "page-tab" });
        if (tab === here) tab.setAttribute("aria-current", "page");
        else tab.removeAttribute("aria-current");
      }
      window.mtz.title = here ? (page === HOME ? "" : here.textContent) : "No such page";
      window.mtz.connection.render();
      // Another page begins at its top; a reload and a mark in the address find their place by themselves.
      if (shown !== null && shown !== page && !location.hash) window.scrollTo(0, 0);
      shown = page;
      document.dispatchEvent(new CustomEvent("mtz:page", { detail: page })); // a page asks for its figures when it is looked at
      requestAnimationFrame(() => window.mtz.control.page.followed()); // what was not looked at was not asked for
    },
  });
})();
