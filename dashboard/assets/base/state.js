/* What this page knows of its account. Messages come from the socket, from callbacks and with the first layout; all pass
   here, none that is older than what is known gets through, and once a frame those who show it are told what is new. A hidden
   page is given no frames: it keeps the newest of everything and shows it when somebody looks.
   Not by stores of Dash's: it tells every component of the page of every change, and that would cost more than all the rest. */
window.mtz = window.mtz || {};

window.mtz.state = (function () {
  const TRADES_SHOWN = 50;
  const listeners = new Map(["portfolio.update", "summary.update", "status.update", "positions.update", "trade.executed", "strategy.update"]
    .map((type) => [type, []]));

  const fresh = (account) => ({
    account,
    portfolio: null,
    summary: null,
    status: null,
    positions: new Map(), // con_id → row
    positionsAsOf: null,
    complete: false, // the whole list of positions was seen: changes may be merged into it
    trades: new Map(), // key of the fill → its newest report
    strategies: null, // the whole view, newest
    revisions: {},
  });

  const state = fresh(null);
  state.accounts = [];
  state.source = null;
  state.problem = null;
  state.config = { limits: { ticking: 30, resting: 200 }, signed: [], refusal: null }; // as the first layout says

  const changed = { items: new Map(), removed: new Set() }; // positions that the page doesn't show yet
  const dirty = new Set();
  let frame = null;
  let told = {};

  function forget(account) {
    Object.assign(state, fresh(account));
    changed.items.clear();
    changed.removed.clear();
    dirty.clear();
  }

  /* A correction carries the same id but for its last two digits. */
  const tradeKey = (trade) => trade.exec_id.replace(/\.\d+$/, "");

  const merge = {
    "portfolio.update": (message) => { state.portfolio = message.data; },
    "summary.update": (message) => { state.summary = message.data; },
    "status.update": (message) => {
      state.status = message.data;
      window.mtz.clock.learn(message.data.as_of, message.data.age_s);
    },
    "strategy.update": (message) => { state.strategies = message.data; },
    "positions.update": (message) => mergePositions(message.data),
    "trade.executed": (message) => mergeTrades(Array.isArray(message.data.items) ? message.data.items : [message.data]),
  };

  function mergePositions(view) {
    if (!view.full && !state.complete) return false; // changes to a list that this page doesn't have
    if (view.full) {
      const held = new Set(view.items.map((row) => row.con_id));
      for (const id of state.positions.keys()) if (!held.has(id)) drop(id);
    }
    view.removed.forEach(drop);
    for (const row of view.items) {
      state.positions.set(row.con_id, row);
      changed.items.set(row.con_id, row);
      changed.removed.delete(row.con_id);
    }
    state.complete = true;
    if (view.as_of && !(state.positionsAsOf > view.as_of)) state.positionsAsOf = view.as_of;
    return true;
  }

  function drop(id) {
    state.positions.delete(id);
    changed.items.delete(id);
    changed.removed.add(id);
  }

  function mergeTrades(trades) {
    for (const trade of trades) {
      const known = state.trades.get(tradeKey(trade));
      if (!known || known.correction <= trade.correction) state.trades.set(tradeKey(trade), trade);
    }
    const newest = [...state.trades.values()].sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : b.id - a.id));
    state.trades = new Map(newest.slice(0, TRADES_SHOWN).map((trade) => [tradeKey(trade), trade]));
  }

  /* Other notes stand in the database: a page that shows them reads them again. */
  function noted(message) {
    if (message.account !== state.account || message.revision <= (state.revisions[message.type] || 0)) return false;
    state.revisions[message.type] = message.revision;
    document.dispatchEvent(new CustomEvent("mtz:notes"));
    return true;
  }

  /* Take a message; false when it is of another account, or older than what is known. */
  function receive(message) {
    if (message.type === "notes.update") return noted(message);
    if (!listeners.has(message.type) || message.account !== state.account) return false;
    if (message.revision < (state.revisions[message.type] || 0)) return false;
    if (merge[message.type](message) === false) return false;
    state.revisions[message.type] = message.revision;
    dirty.add(message.type);
    if (frame === null) frame = requestAnimationFrame(flush);
    return true;
  }

  function flush() {
    frame = null;
    const types = [...dirty];
    dirty.clear();
    const news = new Map(); // listener → what it is told: once, also when several of its types came
    for (const type of types) {
      const message = { account: state.account, ...payload(type) };
      for (const listener of listeners.get(type)) news.set(listener, message);
    }
    news.forEach((message, listener) => {
      try {
        listener(message);
      } catch (error) {
        window.reportError(error); // the others are told all the same
      }
    });
    window.mtz.clock.tick();
  }

  /* Call `listener` in each frame that brings something of `types`. */
  function on(types, listener) {
    for (const type of types) listeners.get(type).push(listener);
  }

  /* A callback that is asked answers what is newer than this. */
  function tellKnown() {
    const positions = state.complete ? state.revisions["positions.update"] ?? null : null;
    const trades = state.revisions["trade.executed"] ?? null;
    if (told.positions === positions && told.trades === trades) return;
    told = { positions, trades };
    window.dash_clientside.set_props("known-revisions", { data: told });
  }

  function payload(type) {
    if (type === "trade.executed") return { items: [...state.trades.values()] };
    if (type !== "positions.update") return {}; // whoever draws it reads the state
    const news = { items: [...changed.items.values()], removed: [...changed.removed] };
    changed.items.clear();
    changed.removed.clear();
    return news;
  }

  /* Another server, or the same one begun anew: whatever it says now counts, whichever revision it has. */
  function believe() {
    state.revisions = {};
  }

  /* The newest moment at which anything came from the broker. */
  function lastDatum() {
    const moments = [state.portfolio && state.portfolio.as_of, state.positionsAsOf, state.status && state.status.as_of];
    return moments.filter(Boolean).sort().pop() || null;
  }

  window.mtz.clock.everySecond(() => { if (!window.mtz.socket.working()) tellKnown(); }); // the interval asks

  return { state, on, tellKnown, receive, forget, believe, lastDatum, tradeKey };
})();
