/* The line over a chart: exact values under the crosshair, else what the span that is seen made. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.legend = (function () {
  const { rows: layout, style } = window.mtz.charts;
  const { format } = window.mtz;
  const WRITE = {
    money: (value) => format.number(value),
    price: (value) => format.price(value),
    number: (value) => format.number(value, Math.abs(value) >= 1000 ? 0 : 2),
    signed: (value) => format.signed(value),
    percent: (value) => format.percent(value, 2, true),
    fraction: (value) => format.fraction(value),
  };
  const TONED = new Set(["signed", "percent"]);

  /* A value by its column's kind: "—" when it isn't known. */
  const write = (value, kind) => WRITE[kind](value === undefined ? null : value);

  const when = (row, step) => (step >= layout.DAY ? style.day(row.time) : style.moment(row.time));

  function part(name, words, tone = "") {
    const { component } = window.mtz.ui;
    return component("Span", { className: "legend-part", children: [
      ...(name ? [component("Span", { className: "legend-name", children: name })] : []),
      component("Span", { className: `legend-value ${tone}`, children: words }),
    ] });
  }

  const toned = (name, value, kind) => part(name, write(value, kind), TONED.has(kind) ? format.direction(value) : "");

  /* The row under the crosshair. */
  function ofRow(row, data, columns) {
    const time = part("", when(row, data.step), "legend-time");
    if (row.gap) return [time, part("no data", row.gap.reason)];
    const found = [time, ...columns.map(([field, title, kind, short]) => toned(short || title, row[field], kind))];
    const flows = data.flows.filter((flow) => window.mtz.charts.series.bucketOf(data.rows, flow.time, data.step) === row);
    return found.concat(flows.map(flow));
  }

  const NAMES = { deposit: "Deposit", withdrawal: "Withdrawal" };
  const flow = ({ amount, kind, currency, description, suspected }) =>
    part(suspected ? `Suspected ${kind}` : NAMES[kind], `${format.signed(amount)} ${currency}${description ? ` (${description})` : ""}`);

  /* The rows that are seen: where they end, and how they got there without deposits and withdrawals. */
  function ofSpan(rows, data, source) {
    const known = rows.filter((row) => !row.gap);
    if (!known.length) return [];
    const last = known[known.length - 1];
    const found = [part(source.label, write(last.close, source.words === "mtzMoney" ? "money" : "price"))];
    if (!source.performance) return [...found, part(data.step >= layout.DAY ? "on" : "at", when(last, data.step))];
    const { pnl, percent } = layout.performance(rows);
    found.push(toned("P&L", pnl, "signed"), toned("Return", percent, "percent"), part("since", when(known[0], data.step)));
    const paid = data.flows.filter((one) => one.time >= known[0].time && one.time < last.time + Math.max(data.step, layout.DAY));
    if (paid.length) {
      const sum = paid.reduce((total, one) => total + one.amount, 0);
      found.push(part("net deposits", format.signed(sum)));
    }
    return found;
  }

  return { ofRow, ofSpan, write, when };
})();
