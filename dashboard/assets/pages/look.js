/* A table's columns and sort, and what its page keeps beside them, as the reader left them: kept by the server for each user; narrow
   screens keep their own. */
window.mtz = window.mtz || {};

/* `name` begins the ids of the table, its list of columns and that list's reset; `page` is what REST calls it, `path` where it is;
   `phone` are the columns that a narrow screen begins with, `widths` their widths there; `problem` is where it is said that nothing
   was kept; `more` gives what is kept besides, `restore` takes it back. */
window.mtz.tableLook = function tableLook({ name, page, path, phone, widths = {}, problem, more = () => ({}), restore = () => {} }) {
  const SETTLED_MS = 600;
  const NARROW = window.matchMedia("(max-width: 767px)").matches;
  const ADDRESS = `/api/preferences/${page}${NARROW ? "-phone" : ""}`;
  const MENU = `#${name}-columns`;
  const NONE = { columns: [], sort: [] };
  let grid = null;
  let timer = null;
  let kept = NONE; // what the server holds
  let restoring = false;
  let first = null; // the columns as the page has them
  let asked = null;

  let begun = false;

  /* What the reader left; a server that doesn't answer leaves the page as it comes. */
  function ask() {
    asked = asked || fetch(ADDRESS, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : { value: null }))
      .then((found) => { kept = found.value || NONE; })
      .catch(() => {});
    return asked;
  }

  /* Settled once that is known and in force; the page stands by then. */
  const ready = () => ask().then(() => {
    if (begun) return;
    begun = true;
    restore(kept);
  });

  if (window.location.pathname === path) ask(); // while the page is still being made

  /* The table is there. */
  function follow(api) {
    grid = api;
    first = comes(api.getColumnState());
    arrange();
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
    hide: NARROW && !phone.has(column.colId),
    width: (NARROW && widths[column.colId]) || column.width,
  }));

  function arrange() {
    restoring = true;
    grid.applyColumnState({ state: kept.columns.length ? state() : first, applyOrder: true });
    restoring = false;
  }

  /* What was kept, as the table takes it; columns that are new since stand where the page has them, after the others. */
  function state() {
    const sorts = new Map(kept.sort.map((sort) => [sort.id, sort.is_descending ? "desc" : "asc"]));
    const known = new Map(kept.columns.map((column) => [column.id, column]));
    const places = new Map(first.map((column) => [column.colId, column]));
    const order = [...known.keys()].filter((id) => places.has(id)).concat([...places.keys()].filter((id) => !known.has(id)));
    return order.map((id) => {
      const column = known.get(id);
      return column
        ? { colId: id, hide: column.is_hidden, sort: sorts.get(id) || null, ...(column.width ? { width: column.width, flex: null } : {}) }
        : { ...places.get(id), sort: null };
    });
  }

  /* As the server keeps it: widths of what the reader widened, the rest shares the room there is. */
  function look() {
    const columns = grid ? grid.getColumnState() : null;
    return {
      columns: columns ? columns.map((column) => ({ id: column.colId, width: column.flex ? null : Math.round(column.width), is_hidden: Boolean(column.hide) })) : kept.columns,
      sort: columns ? columns.filter((column) => column.sort).map((column) => ({ id: column.colId, is_descending: column.sort === "desc" })) : kept.sort,
      ...more(),
    };
  }

  function changed() {
    if (!begun || restoring) return;
    if (grid) tick();
    clearTimeout(timer);
    timer = setTimeout(() => put(look()), SETTLED_MS);
  }

  async function put(value) {
    timer = null;
    kept = value;
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
  function say(reason) {
    window.mtz.ui.show(problem, { children: reason ? `How you arranged the table is not kept: ${reason}` : "", hidden: !reason });
  }

  function reset() {
    clearTimeout(timer);
    kept = { ...look(), ...NONE };
    arrange();
    tick();
    put(kept);
    window.mtz.ui.show("announce", { children: "The columns are as the page comes." });
  }

  const boxes = () => [...document.querySelectorAll(`${MENU} [data-column]`)];

  /* The ticks in the list of columns. */
  function tick() {
    const shown = new Map(grid.getColumnState().map((column) => [column.colId, !column.hide]));
    for (const box of boxes()) box.setAttribute("aria-checked", String(Boolean(shown.get(box.dataset.column))));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(`${MENU} button`);
    if (!button || !grid) return;
    if (button.id === `${name}-reset`) return reset();
    grid.setColumnsVisible([button.dataset.column], button.getAttribute("aria-checked") !== "true");
    return changed();
  });

  document.addEventListener("keydown", (event) => {
    const box = event.target.closest && event.target.closest(`${MENU} [data-column]`);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!box || !step) return;
    event.preventDefault();
    const all = boxes();
    all[(all.indexOf(box) + step + all.length) % all.length].focus();
  });

  /* What is not sent yet goes before the page does. */
  window.addEventListener("pagehide", () => { if (timer !== null) { clearTimeout(timer); put(look()); } });

  return { ready, follow, changed };
};
