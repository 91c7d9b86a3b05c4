/* The ten cards. The server's summary gives title, source and rule; what ticks comes from the portfolio and the positions. */
window.mtz = window.mtz || {};

window.mtz.cards = (function () {
  const FROM_PORTFOLIO = ["net_liquidation", "daily_pnl", "total_pnl", "cash", "buying_power", "cushion"];
  const BRIDGED = ["daily_pnl", "total_pnl"];
  const NOT_SENT = "The broker has not sent it yet.";
  const { state } = window.mtz.state;
  const values = new Map(); // key → the value on the page
  let asked = []; // the cards for which the server was asked last

  function current(card) {
    const { portfolio } = state;
    if (FROM_PORTFOLIO.includes(card.key) && portfolio) {
      const value = portfolio[card.key];
      return {
        ...card,
        value,
        change: card.key === "daily_pnl" ? portfolio.daily_pnl_pct : card.change,
        as_of: portfolio.as_of,
        reason: value === null ? card.reason || NOT_SENT : null,
        note: card.key === "total_pnl" && portfolio.suspected_transfers ? `without a suspected transfer of ${window.mtz.format.signed(portfolio.suspected_transfers)}` : "",
      };
    }
    if (card.key === "active_strategies" && state.strategies) {
      const listed = state.strategies.items.filter((item) => item.is_listed);
      const isActive = (item) => item.desired === "active" && !["silent", "late"].includes(item.bot_state);
      return { ...card, value: listed.length ? listed.filter(isActive).length : null };
    }
    if (card.key === "theta_per_day" && state.complete) {
      return { ...card, value: theta(), as_of: state.positionsAsOf };
    }
    return card;
  }

  /* Theta × quantity × multiplier over the options in the base currency that have Greeks, as data/summary.py. */
  function theta() {
    const base = state.summary.currency;
    let sum = null;
    for (const row of state.positions.values()) {
      const option = row.sec_type === "OPT" || row.sec_type === "FOP";
      if (option && row.theta !== null && (base === null || row.currency === base)) {
        sum = (sum || 0) + row.theta * row.quantity * row.multiplier;
      }
    }
    return sum;
  }

  function render() {
    if (!state.summary) return;
    const turned = []; // what became known or unknown since the summary: the server has the words for it
    for (const given of state.summary.items) {
      const card = current(given);
      if ((card.value === null) !== (given.value === null)) turned.push(card.key);
      draw(card);
    }
    if (String(turned) !== String(asked) && turned.length) window.mtz.feed.ask("now", 500);
    asked = turned;
  }

  function draw(card) {
    const { ui, format } = window.mtz;
    const plus = state.config.signed.includes(card.key);
    const tone = plus ? format.direction(card.value) : "flat";
    const moved = ui.show(`card-value-${card.key}`, {
      children: format.cardValue(card.value, card.unit, plus),
      className: `figure ${tone}`,
    });
    const before = values.get(card.key);
    if (moved && before !== undefined && before !== null && card.value !== null && before !== card.value) {
      ui.flash(document.getElementById(`card-value-${card.key}`), card.value - before);
    }
    values.set(card.key, card.value);
    ui.show(`card-unit-${card.key}`, { children: card.unit === "money" && card.value !== null ? state.summary.currency || "" : "" });
    ui.show(`card-change-${card.key}`, {
      children: format.cardChange(card.change, card.change_unit),
      className: `change ${format.direction(card.change)}`,
    });
    ui.show(`card-reason-${card.key}`, { children: card.value === null ? card.reason || NOT_SENT : card.note || "" });
    ui.moment(`card-age-${card.key}`, card.value === null ? "" : card.as_of || "");
    ui.show(`card-rule-${card.key}`, { children: why(card) });
  }

  let closed = null;

  /* What strategies have closed changed, and with it the win rate, which only the server can say. */
  function noticeClosed() {
    if (!state.strategies) return;
    const seen = JSON.stringify(state.strategies.items.map((item) => item.figures && [item.figures.trades, item.figures.win_rate]));
    if (closed !== null && seen !== closed) window.mtz.feed.ask("now", 500);
    closed = seen;
  }

  const drawn = new Map(); // key → [text, component]

  /* What REST is asked for the rows of a card that sums trades up, in the account's currency. */
  function madeOf(card) {
    const currency = state.summary.currency;
    if (!currency || card.value === null) return null;
    if (card.key === "win_rate") {
      return { kind: "results", path: "trades/statistics/rows", params: { unit: "chain", currency }, title: `Win rate: roll chains in ${currency} that are closed` };
    }
    if (card.key !== "premium_month") return null;
    return { kind: "premium", path: "trades/premium/rows", params: { currency }, title: "Premium of this month, by day of the sale" };
  }

  function why(card) {
    const { format } = window.mtz;
    const { component } = window.mtz.ui;
    const rows = [["Source", card.source], ["Rule", card.rule]];
    if (card.as_of) rows.push(["As of", `${format.time(card.as_of)} (${format.zone})`]);
    if (card.value === null) rows.push(["Unknown because", card.reason || NOT_SENT]);
    const text = JSON.stringify(rows);
    const known = drawn.get(card.key);
    if (known && known[0] === text) return known[1];
    const facts = component("Dl", {
      className: "facts",
      children: rows.flatMap(([name, words]) => [component("Dt", { children: name }), component("Dd", { children: words })]),
    });
    const list = [facts];
    if (BRIDGED.includes(card.key)) list.push(component("A", { href: "/reports#bridge-title", children: "Why is this not TWS's number?" }));
    const made = madeOf(card);
    if (made) list.push(component("Button", { type: "button", className: "tool", "data-rows": JSON.stringify(made), children: "Show what it is made of" }));
    drawn.set(card.key, [text, list]);
    return list;
  }

  /* Another account: no number of the last one stays. */
  function clear() {
    for (const key of values.keys()) {
      values.set(key, null);
      window.mtz.ui.show(`card-value-${key}`, { children: window.mtz.format.UNKNOWN, className: "figure flat" });
      window.mtz.ui.show(`card-change-${key}`, { children: "" });
      window.mtz.ui.moment(`card-age-${key}`, "");
      window.mtz.ui.show(`card-reason-${key}`, { children: "" });
    }
  }

  const onOverview = () => window.mtz.ui.isShown("page-overview");
  let behind = false; // something has changed while nobody looked at the cards

  function tick() {
    behind = !onOverview();
    if (!behind) render();
  }

  window.mtz.state.on(["strategy.update"], noticeClosed);
  window.mtz.state.on(["summary.update", "portfolio.update", "strategy.update", "positions.update"], tick);
  document.addEventListener("mtz:page", () => { if (behind && onOverview()) tick(); });

  return { clear };
})();
