/* The drawer of an underlying, opened at one position: what it is, its price and P&L over time, the underlying with the technical
   panel, the wheel, and what can be managed. The address names it (#position=…), so that it can be linked to and comes back with
   a reload. */
window.mtz = window.mtz || {};

window.mtz.drawer = (function () {
  const DRAWER = "position-drawer";
  const MARK = "#position=";
  const VIEWS = ["holding", "symbol", "payoff", "wheel", "manage"];
  const { Chart, sources, tools } = window.mtz.charts;
  const { state } = window.mtz.state;
  const charts = { holding: tools.add(new Chart("holding")), symbol: tools.add(new Chart("symbol")) };
  let shown = null; // the contract's id
  let opener = null; // where the focus goes back to

  const row = () => state.positions.get(shown);

  function open(conId, name = "holding") {
    shown = conId;
    const found = row();
    if (!found) {
      shown = null;
      return;
    }
    if (!opener) opener = document.activeElement;
    window.dash_clientside.set_props(DRAWER, { is_open: true, title: window.mtz.format.contract(found) });
    if (location.hash !== MARK + conId) history.replaceState(history.state, "", MARK + conId);
    legs();
    facts();
    view(name);
  }

  /* Everything that is held of the underlying; the one that is shown is pressed. */
  function legs() {
    const { format, ui } = window.mtz;
    const here = row();
    const held = [...state.positions.values()].filter((each) => each.symbol === here.symbol && each.currency === here.currency)
      .sort((a, b) => ((a.expiry || "") < (b.expiry || "") ? -1 : (a.expiry || "") > (b.expiry || "") ? 1 : (a.strike || 0) - (b.strike || 0)));
    window.dash_clientside.set_props("drawer-legs", { hidden: held.length < 2, children: held.map((each) => ui.component("Button", {
      type: "button", className: "tool", "data-leg": String(each.con_id), "aria-pressed": String(each.con_id === shown),
      children: `${format.quantity(each.quantity)} ${each.sec_type === "STK" ? "shares" : format.contract(each)}`,
    })) });
  }

  /* Position or underlying; the other one rests. */
  function view(name) {
    for (const each of VIEWS) {
      window.mtz.ui.show(`drawer-${each}`, { hidden: each !== name });
      window.mtz.ui.show(`drawer-show-${each}`, { "aria-pressed": String(each === name) });
    }
    for (const [key, chart] of Object.entries(charts)) if (key !== name) chart.watch(null);
    const { symbol, currency, cycle } = row();
    if (name === "symbol") {
      charts.symbol.tellTechnical();
      charts.symbol.watch(sources.symbol(symbol));
    } else if (name === "holding") {
      charts.holding.watch(sources.position(shown));
    } else if (name === "payoff") {
      onceThere("drawer-payoff-body", () => window.mtz.book.payoff.show(symbol, currency));
    } else if (name === "wheel") {
      onceThere("drawer-wheel-body", () => window.mtz.book.wheel.show(symbol, cycle));
    } else if (name === "manage") {
      onceThere("drawer-manage-strategies", () => window.mtz.book.manage.show(symbol));
    }
  }

  /* The drawer's parts are made when it opens. */
  function onceThere(id, act, left = 120) {
    if (document.getElementById(id)) act();
    else if (left) requestAnimationFrame(() => onceThere(id, act, left - 1));
  }

  function closed() {
    if (shown === null) return;
    shown = null;
    for (const chart of Object.values(charts)) chart.watch(null);
    if (location.hash.startsWith(MARK)) history.replaceState(history.state, "", location.pathname + location.search);
    if (opener && opener.isConnected) opener.focus();
    opener = null;
  }

  function facts() {
    const found = row();
    if (!found) return; // it was closed meanwhile: what was said last stays
    const { format, ui } = window.mtz;
    const said = [
      ["Quantity", format.quantity(found.quantity), ""],
      ["Average price", format.price(found.avg_cost === null ? null : found.avg_cost / found.multiplier), ""],
      ["Price", format.price(found.market_price), ""],
      ["Value", format.number(found.market_value), ""],
      ["Unrealized", format.signed(found.unrealized_pnl), format.direction(found.unrealized_pnl)],
      ["Day P&L", format.signed(found.daily_pnl), format.direction(found.daily_pnl)],
      ["Strategy", found.strategy || window.mtz.book.cells.UNTRACKED, "plain-words"],
    ];
    if (found.expiry) {
      said.push(["Days to expiry", format.quantity(found.dte), ""], ["Break-even", format.price(found.break_even), ""],
        ["To the strike", format.percent(found.distance_pct, 1, true), ""], ["Of max profit", format.percent(found.pnl_of_max_profit, 0, true), format.direction(found.pnl_of_max_profit)],
        ["Delta / theta, per unit", `${format.signed(found.delta, 3)} / ${format.signed(found.theta, 3)}`, ""], ["Implied volatility", format.fraction(found.implied_vol), ""]);
    }
    if (found.non_standard) said.push(["Deliverable", "non-standard ▲", "plain-words"]);
    if (found.early_assignment === "risk" || found.early_assignment === "unknown") {
      said.push(["Early assignment", `${found.early_assignment}${found.early_assignment_reason ? `: ${found.early_assignment_reason}` : ""}`, "plain-words wide"]);
    }
    window.dash_clientside.set_props("drawer-facts", { children: said.map(([name, words, tone]) => ui.component("Div", { children: [
      ui.component("Dt", { children: name }), ui.component("Dd", { children: words, className: `num ${tone}` }),
    ] })) });
  }

  /* The positions changed: so did perhaps the one that is shown. */
  function grow() {
    if (shown === null) return;
    facts();
    window.mtz.book.payoff.refresh();
    const found = row();
    if (!found || found.market_price === null) return;
    const live = state.status && state.status.market_phase === "open";
    charts.holding.grow(Math.floor(Date.parse(found.as_of) / 1000), found.market_price, live, { pnl: found.unrealized_pnl });
  }

  /* The address names a position, and the positions have come. */
  function restore() {
    if (shown === null && state.complete && location.hash.startsWith(MARK)) open(Number(location.hash.slice(MARK.length)));
  }

  window.mtz.state.on(["positions.update"], grow);
  window.mtz.clock.everySecond(restore);
  window.addEventListener("hashchange", restore);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-view], button[data-leg]");
    if (!button || shown === null || !row()) return;
    if (button.dataset.leg) open(Number(button.dataset.leg), VIEWS.find((name) => !document.getElementById(`drawer-${name}`).hidden));
    else view(button.dataset.view);
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    drawer: (isOpen) => { if (isOpen === false) closed(); },
  });

  return { open };
})();
