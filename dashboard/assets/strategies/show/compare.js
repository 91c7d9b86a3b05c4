/* The comparison: two to four strategies, their returns from 0 % on one chart, figures and correlation below. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.compare = (function () {
  const [LEAST, MOST] = [2, 4];
  const LINES = [["accent", 0, "solid"], ["second", 2, "dashed"], ["warn", 1, "dotted"], ["up", 3, "long dashes"]]; // told apart by more than colour
  const { asks, parts } = window.mtz.control;
  const { element } = parts;
  const { format, ui } = window.mtz;
  const { state } = window.mtz.state;
  const { style } = window.mtz.charts;
  const of = (part) => document.getElementById(`compare-${part}`);
  const FIGURES = [
    ["Return", (one) => format.percent(one.return_pct, 2, true), (one) => one.return_pct],
    ["P&L", (one) => format.signed(one.pnl), (one) => one.pnl],
    ["Volatility, a year", (one) => format.percent(one.volatility_pct)],
    ["Sharpe, a year", (one) => format.number(one.sharpe)],
    ["Maximum drawdown", (one) => format.percent(one.max_drawdown_pct), (one) => one.max_drawdown_pct],
    ["Premium", (one) => format.signed(one.premium)],
    ["Fees", (one) => format.number(one.fees)],
    ["Trades", (one) => format.number(one.trades, 0)],
    ["Win rate", (one) => format.percent(one.win_rate, 1) + (one.left_out ? ` (${one.left_out} left out)` : "")],
    ["Base", (one) => (one.base === null ? format.number(null) : `${format.number(one.base, 0)} ${one.base_name}`)],
  ];
  let chosen = null; // names in the order of choosing
  let frame = "3M";
  let view = null;
  let turn = 0;
  let asked = null;

  const title = (name) => {
    const item = state.strategies && state.strategies.items.find((each) => each.name === name);
    return item && item.title ? item.title : name;
  };

  function follow(strategies) {
    const names = strategies.items.map((item) => item.name);
    if (chosen === null && names.length >= LEAST) {
      const weight = (item) => (item.figures ? item.figures.capital_at_risk || 0 : -1); // the ones with most at stake first
      const ranked = [...strategies.items].sort((a, b) => weight(b) - weight(a));
      chosen = ranked.slice(0, LEAST).map((item) => item.name);
    }
    if (chosen) chosen = chosen.filter((name) => names.includes(name));
    offer(names);
    if (looking() && asked !== question()) fetch();
  }

  const question = () => `${state.account} ${frame} ${chosen}`;
  const looking = () => window.mtz.ui.isShown("page-strategies") && !document.hidden;

  function offer(names) {
    parts.list(of("pick"), names.map((name) => [name, title(name), (chosen || []).indexOf(name), (chosen || []).length]), ([name, words, place, count]) => {
      const full = place < 0 && count >= MOST;
      const few = place >= 0 && count <= LEAST;
      const button = element("button", { type: "button", className: "tool pick", textContent: words, title: full ? "Four are the most: take one away first." : few ? "Two are the least." : name });
      button.dataset.compare = name;
      button.setAttribute("aria-pressed", String(place >= 0));
      button.setAttribute("aria-disabled", String(full || few));
      return button;
    });
  }

  function choose(name) {
    chosen = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name];
    const held = document.activeElement && document.activeElement.dataset.compare;
    offer(state.strategies.items.map((item) => item.name));
    if (held) of("pick").querySelector(`[data-compare="${CSS.escape(held)}"]`).focus();
    fetch();
  }

  async function fetch() {
    if (!chosen || chosen.length < LEAST) return;
    turn += 1;
    const mine = turn;
    asked = question();
    try {
      const found = await asks.ask("compare", { account: state.account, strategies: chosen, since: since() });
      if (mine !== turn) return;
      problem(null);
      view = found;
      draw();
    } catch (error) {
      if (mine === turn) problem(error.message);
    }
  }

  /* The first day of the time frame, null: all there is. */
  function since() {
    const day = new Date(window.mtz.clock.now());
    if (frame === "All") return null;
    if (frame === "YTD") return `${day.getUTCFullYear()}-01-01`;
    day.setUTCMonth(day.getUTCMonth() - { "1M": 1, "3M": 3, "1Y": 12 }[frame]);
    return day.toISOString().slice(0, 10);
  }

  function problem(sentence) {
    parts.write(of("problem"), sentence ? `Not refreshed: ${sentence}` : "");
    of("problem").hidden = !sentence;
  }

  const seconds = (date) => Date.parse(`${date}T00:00:00Z`) / 1000;

  function draw() {
    if (!view) return;
    const colours = style.palette();
    const known = view.items.some((item) => item.points.length > 1);
    window.dash_clientside.set_props("compare-chart", {
      chartOptions: style.options(true),
      series: view.items.map((item, i) => ({
        id: item.strategy, type: "line", pane: 0,
        data: item.points.filter((point) => point.return_pct !== null).map((point) => ({ time: seconds(point.session_date), value: point.return_pct })),
        options: { color: colours[LINES[i][0]], lineStyle: LINES[i][1], lineWidth: 2, priceLineVisible: false, title: "", priceFormat: style.figures("mtzRate") },
      })),
      timeScaleAction: { action: "fitContent", nonce: turn },
    });
    ui.show("compare-empty", { hidden: known });
    if (!known) ui.show("compare-empty", { children: ui.component("P", { children: view.problem || "These strategies have no trading day behind them in this span." }) });
    const days = view.days ? ` · ${view.days} daily returns` : "";
    ui.show("compare-note", { children: view.since ? `${view.since} to ${view.until} · returns on ${view.base}${days}` : "" });
    legend(null);
    figures();
    correlation();
    if (!of("table").hidden) table();
  }

  /* The values at a time; null: where each of them ends. */
  function legend(time) {
    if (!view) return;
    const { component } = ui;
    const children = view.items.map((item, i) => {
      const known = item.points.filter((point) => point.return_pct !== null);
      const point = time === null ? known[known.length - 1] : known.find((each) => seconds(each.session_date) === time);
      const value = point ? point.return_pct : null;
      return component("Span", { className: "legend-part", children: [
        component("Span", { className: `swatch line-${LINES[i][0]}`, title: LINES[i][2] }),
        component("Span", { className: "legend-name", children: title(item.strategy) }),
        component("Span", { className: `legend-value ${format.direction(value)}`, children: format.percent(value, 2, true) }),
      ] });
    });
    const when = time === null ? [] : [component("Span", { className: "legend-part legend-time", children: style.day(time) })];
    window.mtz.ui.show("compare-legend", { children: [...when, ...children] });
  }

  const header = (words) => element("th", { scope: "col", className: "num", textContent: words });
  const first = (words) => element("th", { scope: "row", textContent: words });

  function cell(words, value) {
    const found = element("td", { className: "num", textContent: words });
    if (value !== undefined && value !== null) found.dataset.tone = format.direction(value);
    return found;
  }

  function figures() {
    const rows = FIGURES.map(([name, write, tone]) => element("tr", {}, [
      first(name), ...view.items.map((item) => cell(write(item), tone ? tone(item) : undefined)),
    ]));
    const reasons = view.items.filter((item) => item.reason).map((item) => element("p", { className: "quiet table-note", textContent: `${title(item.strategy)}: ${item.reason}` }));
    const currencies = [...new Set(view.items.map((item) => item.currency).filter(Boolean))].join(", ");
    of("figures").replaceChildren(element("table", { className: "plain" }, [
      element("caption", { textContent: `Returns are on ${view.base}; amounts in ${currencies || "the account's currency"}` }),
      element("thead", {}, [element("tr", {}, [element("th", { scope: "col", textContent: "Figure" }), ...view.items.map((item) => header(title(item.strategy)))])]),
      element("tbody", {}, rows),
    ]), ...reasons);
  }

  function correlation() {
    const rows = view.items.map((item, i) => element("tr", {}, [
      first(title(item.strategy)), ...view.items.map((_, j) => cell(format.number((view.correlation[i] || [])[j] ?? null))),
    ]));
    of("correlation").replaceChildren(element("table", { className: "plain" }, [
      element("caption", { textContent: "Correlation of daily returns: 1 together, 0 unrelated, −1 against each other" }),
      element("thead", {}, [element("tr", {}, [element("th", { scope: "col", textContent: "" }), ...view.items.map((item) => header(title(item.strategy)))])]),
      element("tbody", {}, rows),
    ]));
  }

  function table() {
    const days = [...new Set(view.items.flatMap((item) => item.points.map((point) => point.session_date)))].sort().reverse();
    const values = view.items.map((item) => new Map(item.points.map((point) => [point.session_date, point.return_pct])));
    of("points").replaceChildren(element("table", { className: "plain" }, [
      element("caption", { textContent: `Return since ${view.since} on ${view.base}, by trading day, newest first` }),
      element("thead", {}, [element("tr", {}, [element("th", { scope: "col", textContent: "Trading day" }), ...view.items.map((item) => header(title(item.strategy)))])]),
      element("tbody", {}, days.map((day) => element("tr", {}, [
        first(day), ...values.map((of_) => cell(format.percent(of_.get(day) ?? null, 2, true), of_.get(day))),
      ]))),
    ]));
  }

  function toggleTable() {
    const shown = of("table").hidden;
    of("table").hidden = !shown;
    of("table-button").setAttribute("aria-pressed", String(shown));
    if (shown && view) table();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button");
    if (!button) return;
    if (button.id === "compare-table-button") toggleTable();
    if (button.dataset.compare && button.getAttribute("aria-disabled") !== "true") choose(button.dataset.compare);
    if (button.dataset.compareFrame) {
      frame = button.dataset.compareFrame;
      for (const each of document.querySelectorAll("[data-compare-frame]")) each.setAttribute("aria-pressed", String(each === button));
      fetch();
    }
  });

  window.dashTvlwcFunctions = Object.assign(window.dashTvlwcFunctions || {}, { mtzRate: (value) => format.percent(value, 2, true) });
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    comparePointed: (event) => { if (view) legend(event && event.point && typeof event.time === "number" ? event.time : null); },
  });

  return { follow, redraw: draw };
})();
