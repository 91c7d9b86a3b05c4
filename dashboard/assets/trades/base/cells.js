/* What a cell of the Trades tables says; layouts/components/journal_grids.py names these. A row that is still on its way has no data. */
window.mtz = window.mtz || {};
window.mtz.journal = window.mtz.journal || {};

window.mtz.journal.cells = (function () {
  const { format } = window.mtz;
  const KINDS = { assignment: "Assigned", exercise: "Exercised", expiry: "Expired", trade: "Traded", combo: "Combination" };
  const NOBODY = "Not tracked by the bot";
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "2-digit" });
  const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "2-digit", hour: "2-digit", minute: "2-digit" });

  const of = (say) => (params) => (params.data ? say(params.data, params.value) : "");
  const when = (iso) => clock.format(new Date(iso)).replace(",", "");

  function side(row) {
    if (row.kind !== "trade") return KINDS[row.kind] || row.kind;
    return row.side === "BOT" ? "Buy" : "Sell";
  }

  /* Tags first: they are short. */
  const note = (row) => [row.excluded ? "⊘ left out" : "", row.tags.map((tag) => `#${tag}`).join(" "), row.note].filter(Boolean).join(" ");

  /* Rolled: its chain went on with another option. */
  const ended = (row) => (row.closed === null ? "open" : row.is_rolled ? "Rolled" : KINDS[row.ended_by] || row.ended_by);

  const leg = (one) => `${format.signed(one.quantity, Number.isInteger(one.quantity) ? 0 : 4)} ${format.contract(one)}`;

  /* By currency; mostly there is one. */
  const amounts = (found, write) => Object.entries(found).map(([currency, amount], i) => (i ? `${write(amount)} ${currency}` : write(amount))).join(", ") || format.UNKNOWN;

  const cells = {
    legs: of((row) => row.legs.map(leg).join(" / ")),
    orderPrice: of((row) => (row.legs.length === 1 ? format.price(row.legs[0].price) : "")),
    orderCash: of((row) => amounts(row.cash, format.signed)),
    orderFees: of((row) => amounts(row.fees, format.price)),
    reference: of((row) => row.order_ref || ""),
    rowId: (params) => String(params.data.id),
    time: (params) => (params.data ? when(params.value) : "…"),
    day: (params) => (params.data ? day.format(new Date(params.value)) : "…"),
    timeTip: of((_row, value) => (value ? `${exact.format(new Date(value))}, ${format.zone}` : "")),
    closed: of((_row, value) => (value ? day.format(new Date(value)) : "open")),
    side: of(side),
    sideClass: (params) => (params.data ? `side ${params.data.side === "BOT" ? "buy" : "sell"}` : ""),
    contract: of((row) => format.contract(row)),
    contractTip: of((row) => [row.local_symbol, row.order_ref].filter(Boolean).join(" · ")),
    quantity: of((_row, value) => format.quantity(value)),
    peak: of((row, value) => format.quantity(row.side === "short" ? -value : value)),
    price: of((_row, value) => format.price(value)),
    signed: of((_row, value) => format.signed(value)),
    fraction: of((_row, value) => format.percent(value === null ? null : value * 100, 1, true)),
    span: of((row, value) => (row.closed === null ? "open" : format.span(value))),
    strategy: of((row) => row.strategy || NOBODY),
    strategyClass: (params) => (params.data && !params.data.strategy ? "untracked" : ""),
    ended: of(ended),
    note: of(note),
  };

  window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  window.dashAgGridFunctions.mtz = Object.assign(window.dashAgGridFunctions.mtz || {}, { journal: cells });

  return { side, ended, leg, amounts, note, when, exact: (iso) => exact.format(new Date(iso)), KINDS, NOBODY };
})();
