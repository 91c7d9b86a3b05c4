/* The drawer of a position: what it is, its price and P&L over time, and its underlying with the technical panel. The address
   names it (#position=…), so that it can be linked to and comes back with a reload. */
window.mtz = window.mtz || {};

window.mtz.drawer = (function () {
  const DRAWER = "position-drawer";
  const MARK = "#position=";
  const VIEWS = ["holding", "symbol"];
  const { Chart, sources, tools } = window.mtz.charts;
  const { state } = window.mtz.state;
  const charts = { holding: tools.add(new Chart("holding")), symbol: tools.add(new Chart("symbol")) };
  let shown = null; // the contract's id
  let opener = null; // where the focus goes back to

  const row = () => state.positions.get(shown);

  function open(conId) {
    shown = conId;
    const found = row();
    if (!found) {
      shown = null;
      return;
    }
    opener = document.activeElement;
    window.dash_clientside.set_props(DRAWER, { is_open: true, title: window.mtz.format.contract(found) });
    window.mtz.ui.show("drawer-show-symbol", { children: found.sec_type === "STK" ? "Bars and indicators" : `Underlying ${found.symbol}` });
    if (location.hash !== MARK + conId) history.replaceState(history.state, "", MARK + conId);
    facts();
    view("holding");
  }

  /* Position or underlying; the other one rests. */
  function view(name) {
    for (const each of VIEWS) {
      window.mtz.ui.show(`drawer-${each}`, { hidden: each !== name });
      window.mtz.ui.show(`drawer-show-${each}`, { "aria-pressed": String(each === name) });
    }
    const chart = charts[name];
    const other = charts[VIEWS.find((each) => each !== name)];
    other.watch(null);
    if (name === "symbol") {
      chart.tellTechnical();
      chart.watch(sources.symbol(row().symbol));
    } else {
      chart.watch(sources.position(shown));
    }
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
    ];
    window.dash_clientside.set_props("drawer-facts", { children: said.map(([name, words, tone]) => ui.component("Div", { children: [
      ui.component("Dt", { children: name }), ui.component("Dd", { children: words, className: `num ${tone}` }),
    ] })) });
  }

  /* The positions changed: so did perhaps the one that is shown. */
  function grow() {
    if (shown === null) return;
    facts();
    const found = row();
    if (!found || found.market_price === null) return;
    const live = state.status && state.status.market_phase === "open";
    charts.holding.grow(Math.floor(Date.parse(found.as_of) / 1000), found.market_price, live, { pnl: found.unrealized_pnl });
  }

  /* The address names a position, and the positions have come. */
  function restore() {
    if (shown === null && state.complete && location.hash.startsWith(MARK)) open(Number(location.hash.slice(MARK.length)));
  }

  window.mtz.clock.everySecond(restore);
  window.addEventListener("hashchange", restore);

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-view]");
    if (button && shown !== null && row()) view(button.dataset.view);
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    drawer: (isOpen) => { if (isOpen === false) closed(); },
    drawerGrow: (message) => { if (message) grow(); },
  });

  return { open };
})();
