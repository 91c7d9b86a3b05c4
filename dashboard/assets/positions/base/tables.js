/* Small tables under the positions, each from one answer that is asked for while the page is looked at. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.tables = (function () {
  const EVERY_S = 30;
  const { asks } = window.mtz.book;
  const { ui } = window.mtz;
  const { state } = window.mtz.state;
  const page = () => document.getElementById("page-positions");
  const looking = () => Boolean(page() && !page().hidden) && !document.hidden;
  const element = (...given) => window.mtz.control.parts.element(...given);

  const text = (words, name = "td", more = {}) => element(name, { textContent: words, ...more });
  const num = (words, tone = "") => text(words, "td", { className: `num ${tone}` });
  const named = (words) => text(words, "th", { scope: "row" });
  const nothing = (sentence) => element("p", { className: "nothing quiet", textContent: sentence });

  function table(heads, lines) {
    const titles = heads.map((title, i) => text(title, "th", { scope: "col", className: i ? "num" : "" }));
    return element("table", { className: "plain" }, [element("thead", {}, [element("tr", {}, titles)]), element("tbody", {}, lines)]);
  }

  /* Ask `path` now and then, `draw` its answer, say what goes wrong in the element `problem`. */
  function keep(path, problem, draw) {
    let askedAt = 0;
    let account = null;

    async function refresh() {
      if (!looking() || !state.account) return;
      if (account === state.account && Date.now() - askedAt < EVERY_S * 1000) return;
      account = state.account;
      askedAt = Date.now();
      try {
        const view = await asks.get(path);
        if (view.account === state.account) draw(view);
        ui.show(problem, { children: "", hidden: true });
      } catch (error) {
        ui.show(problem, { children: `Not refreshed: ${error.message}`, hidden: false });
      }
    }

    document.addEventListener("mtz:page", refresh);
    window.mtz.clock.everySecond(refresh);
  }

  return { element, text, num, named, nothing, table, keep };
})();
