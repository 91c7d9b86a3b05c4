/* The lists: AG Grid asks for blocks of rows as somebody scrolls, REST answers them sorted and filtered in the database. */
window.mtz = window.mtz || {};
window.mtz.journal = window.mtz.journal || {};

window.mtz.journal.lists = (function () {
  const PAGE = "trades";
  const AGAIN_MS = 5000; // after a question that wasn't answered
  const { filters } = window.mtz.journal;
  const { format, ui } = window.mtz;
  const { state } = window.mtz.state;
  const LISTS = {
    executions: { path: "trades/", file: "trades", one: "execution" },
    orders: { path: "trades/orders", file: "trades", one: "order", isByTime: true },
    trips: { path: "trades/round-trips", file: "round_trips", one: "round trip" },
  };
  const kept = (name, page, phone, more) => window.mtz.tableLook({ name, page, phone: new Set(phone), problem: "journal-unkept", ...more });
  const looks = {
    executions: kept("executions", "trades", ["time", "side", "symbol", "quantity", "price", "realized_pnl"], {
      path: "/trades",
      more: () => ({ filters: filters.all() }), // one filter for all lists, kept with the first
      restore: (found) => filters.restore(found.filters),
    }),
    orders: kept("orders", "trades-orders", ["time", "legs", "cash"]),
    trips: kept("trips", "trades-round-trips", ["time", "symbol", "net", "total_return", "closed"]),
  };
  const place = (id) => document.getElementById(id);
  const gridOf = (name) => `${name}-grid`;
  const stale = new Set(Object.keys(LISTS)); // asked again once they are looked at
  const begun = new Set();
  let view = "executions";
  let account = null;

  let shown = false;

  const looking = () => shown && !document.hidden;

  function say(problem) {
    ui.show("journal-problem", { children: problem ? `The trades can't be read: ${problem}` : "", hidden: !problem });
  }

  function tell(name, total) {
    if (name !== view) return;
    const { one } = LISTS[name];
    ui.show("journal-note", { children: total ? `${format.number(total, 0)} ${one}${total === 1 ? "" : "s"}${filters.active() ? (total === 1 ? " fits" : " fit") : ""}, days and times in ${format.zone}` : "" });
    ui.show("journal-empty", { hidden: total > 0, children: nothing(one) });
  }

  const nothing = (one) => {
    const [title, words] = filters.active()
      ? [`No ${one} fits`, "Clear the filter to see all of them."]
      : [`No ${one} is known`, "They stand here as the broker reports them; statements bring earlier ones: import them on Reports."];
    return [ui.component("P", { children: title, className: "empty-title" }), ui.component("P", { children: words })];
  };

  /* A block for AG Grid. An answer to a question that nobody asks any more is dropped by it. */
  function source(name) {
    return {
      getRows: async ({ startRow, endRow, sortModel, successCallback, failCallback }) => {
        const [sort] = sortModel.length ? sortModel : [{ colId: "time", sort: "desc" }];
        const order = LISTS[name].isByTime ? {} : { sort: sort.colId, descending: String(sort.sort === "desc") };
        const asked = { ...filters.parameters(name === "trips"), ...order, offset: startRow, limit: endRow - startRow };
        try {
          const found = await window.mtz.book.asks.get(LISTS[name].path, asked);
          if (found.account !== state.account) return;
          say(null);
          successCallback(found.items, found.total);
          tell(name, found.total);
        } catch (error) {
          failCallback();
          if (name !== view) return;
          say(error.message);
          stale.add(name);
          setTimeout(show, AGAIN_MS);
        }
      },
    };
  }

  /* The component gives its table a source of its own at the start; ours comes after. */
  const started = (api) => new Promise((done) => {
    const look = () => (api.getGridOption("datasource") ? done() : setTimeout(look, 20));
    look();
  });

  const ready = (name, act) => window.mtz.grids.withApi(gridOf(name), async (api) => {
    await started(api);
    act(api);
  });

  /* Ask anew, from the top: another filter or account. */
  async function ask(name) {
    stale.delete(name);
    await looks[name].ready();
    ready(name, (api) => {
      if (!begun.has(name)) {
        begun.add(name);
        looks[name].follow(api);
        const open = ({ data }) => { if (data) window.mtz.journal.dialog.open(name, data); };
        api.addEventListener("cellClicked", open);
        api.addEventListener("cellKeyDown", (event) => { if (event.event && event.event.key === "Enter") open(event); });
        window.mtz.grids.reveal(gridOf(name), api);
      }
      if (api.getDisplayedRowCount()) api.ensureIndexVisible(0, "top");
      api.setGridOption("datasource", source(name));
    });
  }

  /* What is shown is read again where the reader is: new trades, other notes. */
  function refresh() {
    Object.keys(LISTS).forEach((name) => { if (name !== view) stale.add(name); });
    if (!looking()) stale.add(view);
    else if (begun.has(view)) ready(view, (api) => api.refreshInfiniteCache());
  }

  function link() {
    const asked = new URLSearchParams({ account: state.account, ...filters.parameters(view === "trips") });
    ui.show("journal-csv", { href: `/api/exports/${LISTS[view].file}.csv?${asked}` });
  }

  async function show() {
    if (!looking() || !state.account) return;
    await looks.executions.ready(); // with it come the filters
    if (!looking()) return;
    if (account !== state.account) {
      account = state.account;
      Object.keys(LISTS).forEach((name) => stale.add(name));
    }
    filters.offer();
    link();
    if (stale.has(view)) ask(view);
  }

  function choose(name) {
    view = name;
    for (const button of document.querySelectorAll("#journal-views [data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
    for (const table of document.querySelectorAll("[data-table]")) table.hidden = table.dataset.table !== name;
    place("journal-state").closest(".filter").hidden = name !== "trips";
    stale.add(name);
    show();
  }

  filters.onChange(() => {
    looks.executions.changed();
    Object.keys(LISTS).forEach((name) => stale.add(name));
    show();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("#journal-views [data-view]");
    if (button && button.dataset.view !== view) choose(button.dataset.view);
  });
  document.addEventListener("mtz:page", ({ detail }) => {
    shown = detail === PAGE;
    if (!shown) return;
    if (!place("journal-days").childElementCount) {
      filters.make();
      place("journal-state").closest(".filter").hidden = view !== "trips";
    }
    show();
  });
  document.addEventListener("mtz:account", show);
  document.addEventListener("visibilitychange", show);
  for (const kind of ["mtz:trades", "mtz:notes"]) document.addEventListener(kind, refresh);

  return { looking, isTrips: () => view === "trips" };
})();
