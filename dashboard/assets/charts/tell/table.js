/* A chart's rows as a table for those who can't see it, and as a file. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.table = (function () {
  const { legend, style, rows: layout } = window.mtz.charts;
  const { format } = window.mtz;

  function element(name, words, attributes = {}, children = []) {
    const made = Object.assign(document.createElement(name), attributes);
    if (words !== null) made.textContent = words;
    made.append(...children);
    return made;
  }

  const number = (words) => element("td", words, { className: "num" });

  function line(row, data, columns) {
    const time = element("td", legend.when(row, data.step));
    if (row.gap) return element("tr", null, {}, [time, element("td", `no data: ${row.gap.reason}`, { colSpan: columns.length })]);
    return element("tr", null, {}, [time, ...columns.map(([field, , kind]) => number(legend.write(row[field], kind)))]);
  }

  /* The table itself, newest first, a gap as one line with its reason: plain elements, since thousands of cells as components
     of the page would hold it up for seconds. */
  function build(data, rows, columns) {
    const shown = rows.filter((row, i) => !row.gap || i === 0 || rows[i - 1].gap !== row.gap).reverse();
    const zone = data.step >= layout.DAY ? "trading day" : format.zone;
    const titles = [element("th", `Time (${zone})`, { scope: "col" }),
      ...columns.map(([, title]) => element("th", title, { scope: "col", className: "num" }))];
    return element("table", null, { className: "plain" }, [
      element("caption", `${data.currency || ""} · a row is ${style.stepWords(data.step)}, newest first`),
      element("thead", null, {}, [element("tr", null, {}, titles)]),
      element("tbody", null, {}, shown.map((row) => line(row, data, columns))),
    ]);
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
