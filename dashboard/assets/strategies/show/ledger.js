/* The decision ledger: pages by keyset, the newest first; a line opens in full, and its order can be given to another strategy. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.ledger = (function () {
  const GRID = "ledger-grid";
  const KINDS = { intent: "Intended", skip: "Skipped", rejection: "Rejected", error: "Error", note: "Note", orphan: "No decision" };
  const EVERY = "*"; // or none: what a list can't say with an empty value
  const NOBODY = "belongs to none";
  const { asks, parts, why, dialog } = window.mtz.control;
  const { format, ui } = window.mtz;
  const { state } = window.mtz.state;
  const of = (part) => document.getElementById(`ledger-${part}`);
  const decision = (part) => document.getElementById(part ? `decision-dialog-${part}` : "decision-dialog");
  let next = null; // where the next older page begins
  let shown = null; // what was asked for: the filters
  let turn = 0; // a newer question makes the answer of an older one needless
  let opened = null; // the row in the dialog
  let count = 0; // of rows in the table
  let said = null; // what came of the last order that was given away

  const cells = {
    rowId: (row) => `${row.kind} ${row.kind === "orphan" ? row.perm_id : row.id}`,
    strategy: (row) => row.strategy || NOBODY,
    kind: (value) => KINDS[value] || value,
    kindClass: (params) => `kind-${params.value}`,
    what,
    order: (row) => (row.order_status ? `${row.order_status}${row.filled ? ` ${format.quantity(row.filled)}` : ""}` : row.perm_id ? "no status" : ""),
    slippage: (value) => (value === null ? format.UNKNOWN : format.number(value, 4, true)),
    reason: (row) => row.reason || "",
  };
  window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  window.dashAgGridFunctions.mtz = Object.assign(window.dashAgGridFunctions.mtz || {}, { ledger: cells });

  /* SELL 1 KO 2026-12-18 60 P at 0.62 */
  function what(row) {
    const parts_ = [row.action, row.quantity === null ? null : format.quantity(row.quantity), row.contract || row.symbol].filter(Boolean);
    return parts_.join(" ") + (row.limit_price === null ? "" : ` at ${format.price(row.limit_price)}`);
  }

  const withGrid = (act) => window.mtz.grids.withApi(GRID, act);

  const chosen = (name) => (of(name).value === EVERY ? null : of(name).value);

  const filters = () => ({
    account: state.account, strategy: chosen("strategy"), kind: chosen("kind"), symbol: of("symbol").value.trim().toUpperCase() || null,
  });

  /* The first page, for these filters. */
  async function begin() {
    shown = filters();
    await page(null);
  }

  const older = () => (next ? page(next) : undefined);

  async function page(before) {
    turn += 1;
    const mine = turn;
    of("older").setAttribute("aria-disabled", "true");
    try {
      const found = await asks.ask("ledger", { ...shown, before });
      if (mine === turn) take(found, before);
    } catch (error) {
      if (mine === turn) tellProblem(error.message);
    }
  }

  function take(found, before) {
    next = found.next_before;
    tellProblem(null);
    of("older").setAttribute("aria-disabled", "false");
    of("older").hidden = !next;
    const silent = found.not_recorded;
    parts.write(of("not-recorded"), silent.length ? `${silent.join(", ")}: not recorded by this bot.` : "");
    withGrid((api) => {
      listen(api);
      const rows = [];
      if (!before) api.forEachNode((node) => rows.push(node.data));
      api.applyTransaction({ remove: rows, add: found.items });
      count = api.getDisplayedRowCount();
      tellNote();
      ui.show("ledger-empty", { hidden: count > 0 });
      document.getElementById(`${GRID}-box`).classList.add("ready");
    });
  }

  function tellNote() {
    ui.show("ledger-note", { children: said || (count ? `${format.number(count, 0)} shown, newest first · times in ${format.zone}` : "") });
  }

  function tellProblem(sentence) {
    parts.write(of("problem"), sentence ? `Not refreshed: ${sentence}` : "");
    of("problem").hidden = !sentence;
    if (sentence) of("older").setAttribute("aria-disabled", "false");
  }

  let listening = false;

  /* The end of the table asks for what is older; a click on a line, or Enter, opens it. */
  function listen(api) {
    if (listening) return;
    listening = true;
    api.addEventListener("bodyScrollEnd", () => {
      if (next && api.getLastDisplayedRowIndex() >= api.getDisplayedRowCount() - 5 && of("older").getAttribute("aria-disabled") !== "true") older();
    });
    api.addEventListener("cellClicked", (event) => { if (event.data) open(event.data); });
    api.addEventListener("cellKeyDown", (event) => { if (event.event && event.event.key === "Enter" && event.data) open(event.data); });
  }

  function open(row) {
    if (decision().open) return;
    said = null;
    opened = row;
    parts.write(decision("title"), `${cells.kind(row.kind)}: ${what(row) || row.reason || ""}`);
    decision("facts").replaceChildren(...why.facts(facts(row)).children);
    decision("assign-box").hidden = row.perm_id === null;
    decision("assign").hidden = row.perm_id === null;
    const names = (state.strategies ? state.strategies.items : []).map((item) => item.name);
    const options = [...names.map((name) => ({ label: name, value: name })), { label: "No strategy", value: EVERY }];
    window.dash_clientside.set_props("decision-dialog-strategy", { options, value: row.strategy || EVERY });
    decision("problem").hidden = true;
    const none = window.mtz.control.commands.refusal();
    decision("assign").setAttribute("aria-disabled", String(none !== null));
    decision("assign").title = none || "";
    decision().showModal();
    decision("close").focus();
  }

  function facts(row) {
    const said = [
      ["Time", `${format.time(row.time)} (${format.zone})`], ["Strategy", row.strategy || NOBODY], ["Bot", row.bot],
      ["Reason", row.reason], ["Limit", row.limit_price === null ? null : format.price(row.limit_price)],
      ["Mid at the decision", row.mid === null ? null : format.price(row.mid)], ["Order", row.order_status],
      ["Filled", row.filled === null ? null : `${format.quantity(row.filled)}${row.fill_price === null ? "" : ` at ${format.price(row.fill_price)}`}`],
      ["Slippage", row.slippage === null ? null : `${cells.slippage(row.slippage)} per unit (positive is worse than mid)`],
      ["Fee", row.commission === null ? null : format.price(row.commission)], ["Order reference", row.order_ref],
      ["Permanent order id", row.perm_id === null ? null : String(row.perm_id)],
    ];
    return said.filter(([, words]) => words);
  }

  async function assign() {
    if (!opened || decision("assign").getAttribute("aria-disabled") === "true") return;
    const row = opened;
    decision("assign").setAttribute("aria-disabled", "true");
    try {
      const found = await asks.ask("assign", { account: state.account, perm_id: row.perm_id, strategy: decision("strategy").value === EVERY ? null : decision("strategy").value });
      decision().close();
      const owner = found.strategy ? `belongs to ${found.strategy}` : "belongs to no strategy";
      said = found.is_new ? `Order ${found.perm_id} ${owner} from now on: the agent carries it over to its fills.` : `Order ${found.perm_id} ${owner} already.`;
      ui.show("announce", { children: said });
      tellNote();
      await begin();
    } catch (error) {
      parts.write(decision("problem"), error.message);
      decision("problem").hidden = false;
    } finally {
      decision("assign").setAttribute("aria-disabled", "false");
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button");
    if (!button) return;
    if (button.id === "ledger-older" && button.getAttribute("aria-disabled") !== "true") older();
    if (button.id === "decision-dialog-close") decision().close();
    if (button.id === "decision-dialog-assign") dialog.guarded(assign);
  });

  document.addEventListener("change", (event) => {
    if (["ledger-strategy", "ledger-kind", "ledger-symbol"].includes(event.target.id)) begin();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.id === "ledger-symbol") begin();
  });

  let offered = "";
  let known = null;

  /* A new view of the strategies: their names to choose from; new decisions and runs mean a new first page. */
  function follow(view) {
    const names = view.items.map((item) => item.name);
    if (String(names) !== offered) {
      offered = String(names);
      const options = [{ label: "Every strategy", value: EVERY }, ...names.map((name) => ({ label: name, value: name }))];
      window.dash_clientside.set_props("ledger-strategy", { options });
    }
    const seen = JSON.stringify(view.items.map((item) => [item.name, item.decisions, item.last_run, item.last_run_outcome, item.figures && item.figures.trades]));
    if (seen === known || !looking()) return;
    known = seen;
    if (shown === null || atTop()) begin();
  }

  const looking = () => { const place = of("problem"); return Boolean(place && place.parentElement.offsetParent) && !document.hidden; };

  /* Somebody who reads further down isn't thrown back to the top. */
  function atTop() {
    const body = document.querySelector(`#${GRID} .ag-body-viewport`);
    return !body || body.scrollTop < 40;
  }

  /* The decisions of one strategy. */
  function choose(name) {
    window.dash_clientside.set_props("ledger-strategy", { value: name });
    document.getElementById("ledger-title").scrollIntoView({ block: "start" });
    setTimeout(begin, 60); // when the choice stands in its field
  }

  return { follow, choose };
})();
