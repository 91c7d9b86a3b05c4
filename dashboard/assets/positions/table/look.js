/* Columns, sort, filters and folds as the reader left them, kept by the server; narrow screens keep their own. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.look = (function () {
  const SETTLED_MS = 600;
  const NARROW = window.matchMedia("(max-width: 767px)").matches;
  const ADDRESS = `/api/preferences/positions${NARROW ? "-phone" : ""}`;
  const FOR_PHONES = new Set(["symbol", "quantity", "market_price", "daily_pnl", "unrealized_pnl", "pnl_of_max_profit", "dte", "distance_pct", "strategy"]);
  const NAME_ON_PHONES = 154;
  let grid = null;
  let timer = null;
  let kept = null; // what the server holds
  let restoring = false;
  let first = null; // the columns as the page has them

  /* Settled once it is known what the reader left; a server that doesn't answer leaves the page as it comes. */
  const ready = fetch(ADDRESS, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : null))
    .then((found) => { kept = found && found.value; })
    .catch(() => {});
  let begun = false;

  /* Once the page stands: filters and folds as they were left. */
  function begin() {
    if (begun) return;
    begun = true;
    window.mtz.book.filters.restore(kept && kept.filters);
    window.mtz.book.grid.restore(kept ? kept.folded : []);
  }

  function follow(api) {
    grid = api;
    first = comes(api.getColumnState());
    restore();
    for (const kind of ["columnMoved", "columnResized", "columnVisible", "sortChanged"]) {
      api.addEventListener(kind, (event) => {
        if (event.finished === false || ["api", "flex"].includes(event.source)) return;
        changed();
      });
    }
    tick();
  }

  /* The columns as they come: on a narrow screen a few of them. */
  const comes = (state) => state.map((column) => ({
    ...column,
    hide: NARROW && !FOR_PHONES.has(column.colId),
    width: NARROW && column.colId === "symbol" ? NAME_ON_PHONES : column.width,
    sort: column.colId === "symbol" ? "asc" : null,
  }));

  function restore() {
    restoring = true;
    grid.applyColumnState({ state: kept && kept.columns.length ? state() : first, applyOrder: true });
    restoring = false;
  }

  /* What was kept, as the table takes it; columns that are new since stand where the page has them, after the others. */
  function state() {
    const sorts = new Map(kept.sort.map((sort) => [sort.id, sort.is_descending ? "desc" : "asc"]));
    const known = new Map(kept.columns.map((column) => [column.id, column]));
    const order = [...kept.columns.map((column) => column.id), ...first.map((column) => column.colId).filter((id) => !known.has(id))];
    return order.map((id) => {
      const column = known.get(id);
      return column
        ? { colId: id, hide: column.is_hidden, sort: sorts.get(id) || null, ...(column.width ? { width: column.width, flex: null } : {}) }
        : { ...first.find((each) => each.colId === id), sort: null };
    });
  }

  /* As the server keeps it: widths of what the reader widened, the rest shares the room there is. */
  function look() {
    const columns = grid.getColumnState();
    return {
      columns: columns.map((column) => ({ id: column.colId, width: column.flex ? null : Math.round(column.width), is_hidden: Boolean(column.hide) })),
      sort: columns.filter((column) => column.sort).map((column) => ({ id: column.colId, is_descending: column.sort === "desc" })),
      filters: window.mtz.book.filters.all(),
      folded: window.mtz.book.grid.folded().slice(0, 100),
    };
  }

  function changed() {
    if (!grid || restoring) return;
    tick();
    clearTimeout(timer);
    timer = setTimeout(() => put(look()), SETTLED_MS);
  }

  async function put(value) {
    timer = null;
    try {
      const answer = await fetch(ADDRESS, {
        method: "PUT", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ value }),
      });
      const found = await answer.json();
      say(answer.ok ? null : found.detail);
    } catch {
      say("The server doesn't answer.");
    }
  }

  /* What couldn't be kept is said; the table itself is as the reader wants it. */
  function say(problem) {
    window.mtz.ui.show("book-problem", { children: problem ? `How you arranged the table is not kept: ${problem}` : "", hidden: !problem });
  }

  function reset() {
    clearTimeout(timer);
    kept = null;
    restore();
    tick();
    put(null);
    window.mtz.ui.show("announce", { children: "The columns are as the page comes." });
  }

  const boxes = () => [...document.querySelectorAll("#book-columns [data-column]")];

  /* The ticks in the list of columns. */
  function tick() {
    const shown = new Map(grid.getColumnState().map((column) => [column.colId, !column.hide]));
    for (const box of boxes()) box.setAttribute("aria-checked", String(Boolean(shown.get(box.dataset.column))));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("#book-columns button");
    if (!button || !grid) return;
    if (button.id === "book-reset") return reset();
    grid.setColumnsVisible([button.dataset.column], button.getAttribute("aria-checked") !== "true");
    return changed();
  });

  document.addEventListener("keydown", (event) => {
    const box = event.target.closest && event.target.closest("#book-columns [data-column]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!box || !step) return;
    event.preventDefault();
    const all = boxes();
    all[(all.indexOf(box) + step + all.length) % all.length].focus();
  });

  /* What is not sent yet goes before the page does. */
  window.addEventListener("pagehide", () => { if (timer !== null) { clearTimeout(timer); put(look()); } });

  return { ready, begin, follow, changed };
})();
