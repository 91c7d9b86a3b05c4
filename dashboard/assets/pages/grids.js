/* The tables: what a cell says, and rows that change one by one. */
window.mtz = window.mtz || {};

window.mtz.grids = (function () {
  const POSITIONS = "positions-grid";
  const TRADES = "trades-grid";
  const OLD_S = 60; // an age is shown from here on
  const FLASHING = ["market_price", "daily_pnl", "unrealized_pnl"];
  const MOST_FLASHES = 80; // a frame
  const ROW_HEIGHT = 34; // as layouts/components/grid.py
  const HEADER_HEIGHT = 36;
  const { state, tradeKey } = window.mtz.state;
  const { format } = window.mtz;
  const TONES = { up: "var(--mtz-up)", down: "var(--mtz-down)", flat: "inherit" };
  const KINDS = { assignment: "Assigned", exercise: "Exercised", expiry: "Expired" };
  const newYork = new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" });

  const cells = {
    number: (value) => format.number(value),
    signed: (value, digits) => format.signed(value, digits),
    price: (value) => format.price(value),
    quantity: (value) => format.quantity(value),
    fraction: (value) => format.fraction(value),
    time: (value) => format.time(value),
    contract: (row) => format.contract(row),
    rowId: (params) => String(params.data.con_id),
    contractClass: (params) => (params.data.sec_type === "STK" ? "contract stock" : "contract"),
    rowClass: (params) => (leads(params) ? "leads" : ""),
    side: (row) => KINDS[row.kind] || (row.side === "BOT" ? "Buy" : "Sell"),
    sideClass: (params) => `side ${params.value === "BOT" ? "buy" : "sell"}`,
    sideTip: (row) => [row.kind, row.correction ? `corrected by the broker, ${row.correction} times` : "", row.order_ref || ""]
      .filter(Boolean).join(" · "),
    tradeKey,
    averagePrice: (row) => (row.avg_cost === null ? null : row.avg_cost / row.multiplier),
    dte(row) {
      if (!row.expiry) return null;
      return Math.round((Date.parse(row.expiry) - Date.parse(newYork.format(new Date(window.mtz.clock.now())))) / 86400000);
    },
    rowAge(iso) {
      const age = window.mtz.clock.age(iso);
      return age === null ? format.UNKNOWN : age >= OLD_S ? format.age(age) : "";
    },
    signStyle: (params) => ({ color: TONES[format.direction(params.value)] }),
  };

  /* By underlying; the stock first, then its options by expiry, strike and right. */
  const sortKey = (row) => [row.symbol, row.sec_type === "STK" ? "0" : "1", row.expiry || "", row.strike || 0, row.right || "", row.con_id];

  function byContract(_a, _b, nodeA, nodeB) {
    const [a, b] = [sortKey(nodeA.data), sortKey(nodeB.data)];
    for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
  }

  /* The first row of an underlying, as the table is sorted now. */
  function leads({ api, node }) {
    const above = node.rowIndex > 0 ? api.getDisplayedRowAtIndex(node.rowIndex - 1) : null;
    return Boolean(above && above.data && above.data.symbol !== node.data.symbol);
  }

  function byTime(_a, _b, nodeA, nodeB) {
    const [a, b] = [nodeA.data, nodeB.data];
    return a.time === b.time ? a.id - b.id : a.time < b.time ? -1 : 1;
  }

  window.dashAgGridFunctions = Object.assign(window.dashAgGridFunctions || {}, { mtz: cells, mtzByContract: byContract, mtzByTime: byTime });

  /* A table is shown once its columns have their widths. */
  const revealed = new Set();
  const narrow = window.matchMedia("(max-width: 599px)");
  function reveal(id, api) {
    if (revealed.has(id)) return;
    revealed.add(id);
    if (id === POSITIONS) openOn(api);
    if (id === POSITIONS && narrow.matches) api.setColumnWidths([{ key: "symbol", newWidth: 164 }]);
    requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`${id}-box`).classList.add("ready")));
  }

  /* A click on a row, or Enter, opens its position. */
  function openOn(api) {
    const open = (event) => { if (event.data) window.mtz.drawer.open(event.data.con_id); };
    api.addEventListener("cellClicked", open);
    api.addEventListener("cellKeyDown", (event) => { if (event.event && event.event.key === "Enter") open(event); });
  }

  /* A table is made when its place is first looked at. */
  function isMade(id) {
    const box = document.getElementById(`${id}-box`);
    if (!box || (box.dataset.grid && box.closest("[hidden]"))) return false;
    if (box.dataset.grid) {
      window.dash_clientside.set_props(box.id, { children: JSON.parse(box.dataset.grid) });
      delete box.dataset.grid;
    }
    return true;
  }

  const withApi = (id, act) => isMade(id) && window.dash_ag_grid.getApiAsync(id).then(act).catch(() => {});

  /* At once, not by AG Grid's queue: when that is emptied Dash is told all rows again, and before the table is Dash's too that fails. */
  function apply(id, key, items, removed, done) {
    withApi(id, (api) => {
      reveal(id, api);
      const known = (row) => api.getRowNode(String(key(row)));
      const update = items.filter(known);
      const moves = id === POSITIONS ? flashesOf(api, update, key) : [];
      api.applyTransaction({
        add: items.filter((row) => !known(row)),
        update,
        remove: removed.map((name) => api.getRowNode(String(name))).filter(Boolean).map((node) => node.data),
      });
      moves.forEach(([row, column, change]) => flashCell(id, row, column, change));
      if (done) done(api);
    });
  }

  /* Which cells will show another number, and by how much: [row's key, column, change]. */
  function flashesOf(api, rows, key) {
    const moves = [];
    for (const row of rows) {
      const node = api.getRowNode(String(key(row)));
      if (!node) continue;
      for (const column of FLASHING) {
        const change = row[column] - node.data[column];
        if (change && node.data[column] !== null && row[column] !== null && moves.length < MOST_FLASHES) moves.push([key(row), column, change]);
      }
    }
    return moves;
  }

  function flashCell(id, row, column, change) {
    const rows = document.querySelector(`#${id} .ag-center-cols-container`);
    const shown = rows && [...rows.children].find((each) => each.getAttribute("row-id") === String(row)); // a selector looks at every cell
    window.mtz.ui.flash(shown && shown.querySelector(`[col-id="${column}"]`), change);
  }

  const onOverview = () => window.mtz.ui.isShown("page-overview");
  let behind = false; // the tables aren't looked at: they are brought up to date when they are

  document.addEventListener("mtz:page", () => {
    if (!behind || !onOverview()) return;
    behind = false;
    trades({ items: [...state.trades.values()] });
    withApi(POSITIONS, (api) => {
      const removed = [];
      api.forEachNode((node) => { if (!state.positions.has(node.data.con_id)) removed.push(node.id); });
      positions({ items: [...state.positions.values()], removed });
    });
  });

  function positions(message) {
    if (!onOverview()) {
      behind = true;
      return;
    }
    apply(POSITIONS, (row) => row.con_id, message.items, message.removed, regroup);
    const count = state.positions.size;
    const { ui } = window.mtz;
    ui.show("positions-note", { children: count ? `${count} contract${count === 1 ? "" : "s"}` : "" });
    ui.show("positions-empty", { hidden: count > 0 });
    fit(count);
  }

  let grouped = null;

  /* Rows came, went or were sorted anew: the lines between underlyings are drawn again. */
  function regroup(api) {
    if (grouped === null) api.addEventListener("sortChanged", () => api.redrawRows());
    if (grouped !== null && grouped !== api.getDisplayedRowCount()) api.redrawRows();
    grouped = api.getDisplayedRowCount();
  }

  const height = (rows) => HEADER_HEIGHT + ROW_HEIGHT * rows + 18; // with a bar to scroll sideways

  let fitted = null;

  /* As high as its rows, up to a bound. */
  function fit(count) {
    const rows = Math.max(3, Math.min(count, 18));
    if (fitted !== rows) document.getElementById(`${POSITIONS}-box`).style.height = `${height(rows)}px`;
    fitted = rows;
  }

  function trades(message) {
    if (!onOverview()) {
      behind = true;
      document.dispatchEvent(new CustomEvent("mtz:trades"));
      return;
    }
    withApi(TRADES, (api) => {
      const keep = new Set(message.items.map(tradeKey));
      const gone = [];
      api.forEachNode((node) => { if (!keep.has(node.id)) gone.push(node.id); });
      apply(TRADES, tradeKey, message.items, gone);
    });
    window.mtz.ui.show("trades-note", { children: message.items.length ? `times in ${format.zone}` : "" });
    window.mtz.ui.show("trades-empty", { hidden: message.items.length > 0 });
    document.dispatchEvent(new CustomEvent("mtz:trades"));
  }

  function clear() {
    fitted = null;
    for (const id of [POSITIONS, TRADES]) {
      withApi(id, (api) => {
        const rows = [];
        api.forEachNode((node) => rows.push(node.data));
        api.applyTransaction({ remove: rows });
      });
    }
  }

  let seconds = 0;
  window.mtz.clock.everySecond(() => {
    seconds += 1;
    if (seconds % 5) return;
    withApi(POSITIONS, (api) => api.refreshCells({ columns: ["as_of"], force: true }));
  });

  window.mtz.state.on(["positions.update"], positions);
  window.mtz.state.on(["trade.executed"], trades);

  return { clear, withApi, reveal, flashesOf, flashCell, height };
})();
