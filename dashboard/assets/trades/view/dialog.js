/* One trade in full, with what is written beside it. */
window.mtz = window.mtz || {};
window.mtz.journal = window.mtz.journal || {};

window.mtz.journal.dialog = (function () {
  const { cells } = window.mtz.journal;
  const { format } = window.mtz;
  const place = (part) => document.getElementById(part ? `trade-dialog-${part}` : "trade-dialog");
  const form = window.mtz.book.noteForm("trade-dialog-note", "trade-note", {
    text: "What is worth remembering of this trade",
    excluded: "Leave it out of statistics and premium income",
  });
  const signed = (value, currency) => (value === null ? format.UNKNOWN : `${format.signed(value)} ${currency}`);
  const BASES = { cash_secured: "the cash that secured it", cost: "its cost", strike: "its strike less the premium", proceeds: "what it brought" };

  const execution = (row) => [
    ["Time", `${cells.exact(row.time)}, ${format.zone}`],
    ["Trading day", row.session_date],
    ["Side", `${cells.side(row)} ${format.quantity(row.quantity)} at ${format.price(row.price)} ${row.currency}`],
    ["Commission", row.commission === null ? format.UNKNOWN : `${format.price(row.commission)} ${row.commission_currency || row.currency}`],
    ["Realized, as the broker says", signed(row.realized_pnl, row.currency)],
    ["Strategy", row.strategy || cells.NOBODY],
    ["Order", [row.perm_id && `permanent id ${row.perm_id}`, row.order_ref].filter(Boolean).join(", ") || format.UNKNOWN],
    ["Exchange", row.exchange || format.UNKNOWN],
    ["Execution", row.correction ? `${row.exec_id}, corrected ${row.correction} times` : row.exec_id],
  ];

  const trip = (row) => [
    ["Opened", `${cells.exact(row.opened)}, ${format.zone}, ${row.side} ${format.quantity(row.peak)} at ${format.price(row.open_price)}`],
    ["Closed", row.closed ? `${cells.exact(row.closed)}, ${cells.ended(row).toLowerCase()}, at ${format.price(row.close_price)}` : "open still"],
    ["Held", row.closed ? format.span(row.holding_s) : "open still"],
    ["Gross", signed(row.gross, row.currency)],
    ["Fees", `${format.price(row.fees)} ${row.currency}`],
    ["Net", signed(row.net, row.currency)],
    ["Net as the broker books it", signed(row.broker_net, row.currency)],
    ["Return", row.total_return === null ? format.UNKNOWN : `${format.percent(row.total_return * 100, 2, true)} on ${BASES[row.base_kind]}, ${format.number(row.base)} ${row.currency}`],
    ["Days to expiry when opened", row.dte === null ? format.UNKNOWN : String(row.dte)],
    ["Rolls in its chain", row.chain === null ? format.UNKNOWN : String(row.rolls)],
    ["Strategy", row.strategy || cells.NOBODY],
    ["Executions", String(row.executions.length)],
  ];

  const order = (row) => [
    ["Filled", row.first === row.time ? `${cells.exact(row.time)}, ${format.zone}` : `${cells.exact(row.first)} to ${cells.exact(row.time)}, ${format.zone}`],
    ...row.legs.map((one, i) => [row.legs.length > 1 ? `Leg ${i + 1}` : "What it did",
      `${cells.leg(one)} at ${format.price(one.price)}, ${signed(one.cash, one.currency)}`]),
    ["Cash, before fees", cells.amounts(row.cash, format.signed)],
    ["Fees", cells.amounts(row.fees, format.price)],
    ["Executions", String(row.executions)],
    ["Strategy", row.strategy || cells.NOBODY],
    ["Reference", row.order_ref || format.UNKNOWN],
  ];

  const KINDS = {
    orders: { facts: order, path: null },
    executions: { facts: execution, path: (row) => `trades/${row.id}/notes` },
    trips: { facts: trip, path: (row) => `trades/round-trips/${row.id}/notes` },
  };

  function open(list, row) {
    const { element } = window.mtz.control.parts;
    const kind = KINDS[list];
    const name = format.contract(row.legs ? row.legs[0] : row);
    place("title").textContent = row.legs ? `Order: ${name}${row.legs.length > 1 ? ` and ${row.legs.length - 1} more` : ""}` : name;
    place("facts").replaceChildren(...kind.facts(row).flatMap(([name, words]) => [
      element("dt", { textContent: name }), element("dd", { textContent: words })]));
    place().showModal();
    place("note").hidden = kind.path === null; // notes are of executions and round trips
    if (kind.path) form.show(kind.path(row), name);
  }

  document.addEventListener("click", (event) => { if (event.target.id === "trade-dialog-close") place().close(); });

  return { open };
})();
