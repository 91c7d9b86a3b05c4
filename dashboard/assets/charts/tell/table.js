/* A chart's rows as a table for those who can't see it, and as a file. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.table = (function () {
  const { legend, style, rows: layout } = window.mtz.charts;
  const { format } = window.mtz;

  /* A Dash component: newest first, a gap as one line with its reason. */
  function build(data, rows, columns) {
    const { component } = window.mtz.ui;
    const lines = [];
    for (let i = rows.length - 1; i >= 0; i -= 1) {
      const row = rows[i];
      if (row.gap && i > 0 && rows[i - 1].gap === row.gap) continue;
      const time = component("Td", { children: legend.when(row, data.step) });
      const cells = row.gap
        ? [component("Td", { children: `no data: ${row.gap.reason}`, colSpan: columns.length })]
        : columns.map(([field, , kind]) => component("Td", { children: legend.write(row[field], kind), className: "num" }));
      lines.push(component("Tr", { children: [time, ...cells] }));
    }
    const zone = data.step >= layout.DAY ? "trading day" : format.zone;
    const titles = [component("Th", { children: `Time (${zone})`, scope: "col" }),
      ...columns.map(([, title]) => component("Th", { children: title, scope: "col", className: "num" }))];
    const caption = component("Caption", { children: `${data.currency || ""} · a row is ${style.stepWords(data.step)}, newest first` });
    return component("Table", { className: "plain", children: [
      caption, component("Thead", { children: component("Tr", { children: titles }) }), component("Tbody", { children: lines }),
    ] });
  }

  const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

  /* The same as CSV: times in UTC, numbers as they came, deposits and withdrawals in a column of their own. */
  function csv(data, rows, columns) {
    const paid = new Map();
    for (const flow of data.flows) {
      const row = window.mtz.charts.series.bucketOf(data.rows, flow.time, data.step);
      if (row) paid.set(row.time, (paid.get(row.time) || 0) + flow.amount);
    }
    const time = (row) => new Date(row.time * 1000).toISOString().slice(0, data.step >= layout.DAY ? 10 : 19) + (data.step >= layout.DAY ? "" : "Z");
    const head = ["time", ...columns.map(([field]) => field), ...(paid.size ? ["deposits"] : [])];
    const lines = rows.filter((row) => !row.gap).map((row) => [
      time(row), ...columns.map(([field]) => (row[field] === null || row[field] === undefined ? "" : String(row[field]))),
      ...(paid.size ? [paid.has(row.time) ? String(paid.get(row.time)) : ""] : []),
    ]);
    return [head, ...lines].map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
  }

  function save(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = `${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  return { build, csv, save };
})();
