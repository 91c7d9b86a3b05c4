/* The Positions table: what is held and fits the filters, folded as the reader likes it, live row by row. While the page is not
   looked at nothing is drawn; then all of it is brought up to date at once. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

(function () {
  const GRID = "book-grid";
  const MOST_ROWS = 24; // more scroll inside the table
  const RESORT_MS = 5000; // rows don't move under the pointer with every tick
  const { rows, filters } = window.mtz.book;
  const { grids, ui, format } = window.mtz;
  const { state } = window.mtz.state;
  const held = new Map(); // con_id → its row
  const groups = new Map(); // name → { row, members: Set of con_id that are shown }
  const folded = new Set();
  let account = null;
  let behind = true; // something changed that the table doesn't show yet
  let sortedAt = 0;

  const look = window.mtz.tableLook({
    name: "book",
    page: "positions",
    path: "/positions",
    phone: new Set(["symbol", "quantity", "market_price", "daily_pnl", "unrealized_pnl", "pnl_of_max_profit", "dte", "distance_pct", "strategy"]),
    widths: { symbol: 154 },
    problem: "book-problem",
    more: () => ({ filters: filters.all(), folded: [...folded].slice(0, 100) }),
    restore: (kept) => {
      filters.restore(kept.filters);
      folded.clear();
      for (const name of kept.folded || []) folded.add(name);
    },
  });

  const looking = () => { const page = document.getElementById("page-positions"); return Boolean(page && !page.hidden) && !document.hidden; };
  const members = (group) => [...groups.get(group).members].map((id) => held.get(id));
  const regroup = (name) => { const group = groups.get(name); group.row = rows.group(name, members(name), folded.has(name)); return group.row; };

  /* Everything anew from what is known, and the table made to agree with it. */
  function rebuild() {
    behind = false;
    account = state.account;
    held.clear();
    groups.clear();
    for (const position of state.positions.values()) {
      const row = rows.held(position);
      held.set(row.con_id, row);
      if (!filters.fits(row)) continue;
      if (!groups.has(row.group)) groups.set(row.group, { row: null, members: new Set() });
      groups.get(row.group).members.add(row.con_id);
    }
    for (const name of groups.keys()) regroup(name);
    filters.offer([...held.values()]);
    grids.withApi(GRID, agree);
    tell();
  }

  function wanted() {
    const list = [];
    for (const [name, group] of groups) {
      list.push(group.row);
      if (!folded.has(name)) list.push(...members(name));
    }
    return list;
  }

  function agree(api) {
    begin(api);
    const list = wanted();
    const keys = new Set(list.map((row) => row.key));
    const gone = [];
    api.forEachNode((node) => { if (!keys.has(node.id)) gone.push(node.data); });
    api.applyTransaction({
      remove: gone, add: list.filter((row) => !api.getRowNode(row.key)), update: list.filter((row) => api.getRowNode(row.key)),
    });
    resort(api);
    total(api);
    fit(api);
    grids.reveal(GRID, api);
  }

  let fitted = null;

  /* As high as its rows, up to a bound. */
  function fit(api) {
    const shown = Math.max(3, Math.min(api.getDisplayedRowCount(), MOST_ROWS)) + api.getPinnedTopRowCount();
    if (shown !== fitted) document.getElementById(`${GRID}-box`).style.height = `${grids.height(shown)}px`;
    fitted = shown;
  }

  /* The pinned rows: made anew only when others belong there. */
  function total(api) {
    const sums = rows.totals([...groups.values()].map((group) => group.row));
    const shown = sums.map((_, i) => api.getPinnedTopRow(i));
    const isSame = api.getPinnedTopRowCount() === sums.length && shown.every((node, i) => node.data.key === sums[i].key);
    if (isSame) shown.forEach((node, i) => node.updateData(sums[i]));
    else api.setGridOption("pinnedTopRowData", sums);
  }

  function resort(api) {
    sortedAt = Date.now();
    api.refreshClientSideRowModel("sort");
  }

  /* A tick: the rows that changed, their underlyings, the totals. What came or went changes more than that. */
  function tick(message) {
    if (behind || message.account !== account || message.removed.length || message.items.some(moved)) return rebuild();
    const changed = [];
    const touched = new Set();
    for (const position of message.items) {
      const row = rows.held(position);
      held.set(row.con_id, row);
      if (!groups.has(row.group) || !groups.get(row.group).members.has(row.con_id)) continue;
      touched.add(row.group);
      if (!folded.has(row.group)) changed.push(row);
    }
    const heads = [...touched].map(regroup);
    grids.withApi(GRID, (api) => {
      if (![...changed, ...heads].every((row) => api.getRowNode(row.key))) return agree(api); // the table was just made
      const moves = grids.flashesOf(api, changed, (row) => row.key);
      // Not by a transaction: the component would tell Dash all rows again. They are sorted anew now and then.
      for (const row of [...changed, ...heads]) api.getRowNode(row.key).updateData(row);
      if (heads.length) total(api);
      if (Date.now() - sortedAt > RESORT_MS && api.getColumnState().some((column) => column.sort && column.colId !== "symbol")) resort(api);
      moves.forEach(([key, column, change]) => grids.flashCell(GRID, key, column, change));
      return undefined;
    });
    return undefined;
  }

  /* New here, or no longer where it was: another strategy, or a day nearer to its expiry. */
  function moved(position) {
    const before = held.get(position.con_id);
    return !before || before.strategy !== position.strategy;
  }

  function tell() {
    const all = held.size;
    const shown = [...groups.values()].reduce((count, group) => count + group.members.size, 0);
    const of = (count, one, many) => `${format.number(count, 0)} ${count === 1 ? one : many}`;
    ui.show("book-summary", { children: all ? `${of(all, "position", "positions")} in ${of(new Set([...held.values()].map((row) => row.group)).size, "underlying", "underlyings")}` : "" });
    ui.show("book-note", { children: filters.active() && all ? `${shown} of ${all} shown; sums are of what is shown` : "" });
    const nothing = all === 0 && state.complete;
    ui.show("book-empty", { hidden: !nothing });
    ui.show("book-fold", { children: folds() ? "Unfold all" : "Fold all", disabled: groups.size === 0 });
  }

  const folds = () => groups.size > 0 && [...groups.keys()].every((name) => folded.has(name));

  function fold(name) {
    if (folded.has(name)) folded.delete(name);
    else folded.add(name);
    rebuild();
    look.changed();
  }

  function foldAll() {
    const all = folds();
    for (const name of groups.keys()) {
      if (all) folded.delete(name);
      else folded.add(name);
    }
    rebuild();
    look.changed();
  }

  let begun = false;

  function begin(api) {
    if (begun) return;
    begun = true;
    look.follow(api);
    api.addEventListener("cellClicked", (event) => act(event, event.column.getColId() === "symbol" && event.data.kind === "group"));
    api.addEventListener("cellKeyDown", (event) => {
      const { key } = event.event || {};
      if (key !== "Enter" && key !== " ") return;
      event.event.preventDefault();
      act(event, key === " " && event.data.kind === "group");
    });
  }

  /* A click on an underlying's name, or Space, folds it; a click elsewhere, or Enter, opens what the row is about. */
  function act({ data }, isFold) {
    if (!data || data.kind === "total") return;
    if (isFold) fold(data.group);
    else if (data.kind === "group") window.mtz.drawer.open(leading(data.group), "wheel");
    else window.mtz.drawer.open(data.con_id);
  }

  /* What stands for an underlying: its shares, else what expires first. */
  function leading(name) {
    const list = members(name);
    return (list.find(rows.isShare) || list.sort((a, b) => (a.expiry < b.expiry ? -1 : 1))[0]).con_id;
  }

  filters.onChange(() => { rebuild(); look.changed(); });

  document.addEventListener("click", (event) => { if (event.target.closest && event.target.closest("#book-fold")) foldAll(); });

  function show() {
    if (!looking() || !state.complete) return;
    if (behind || account !== state.account) look.ready().then(() => { if (looking()) rebuild(); });
  }

  document.addEventListener("mtz:page", show);
  document.addEventListener("visibilitychange", show);

  let seconds = 0;
  window.mtz.clock.everySecond(() => {
    seconds += 1;
    if (seconds % 5 || !looking()) return;
    grids.withApi(GRID, (api) => api.refreshCells({ columns: ["as_of"], force: true }));
  });

  function take(message) {
    if (!looking()) behind = true;
    else if (behind) show();
    else tick(message);
  }

  window.mtz.state.on(["positions.update"], take);
})();
