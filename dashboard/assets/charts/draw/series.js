/* Rows as the series of a chart. Pure: colours are given. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.series = (function () {
  const PRICE = "price";
  const PNL = "pnl";
  const BENCHMARK = "benchmark";
  const MARGINS = { top: 0.12, bottom: 0.04 };
  const EDGE = 0.05; // of the rows: a mark's amount would be cut there, so only the crosshair tells it
  /* What leaves a point is drawn in its colour: the one before a gap draws nothing. */
  const HIDDEN = { lineColor: "transparent", topColor: "transparent", bottomColor: "transparent" };
  const { format } = window.mtz;
  const { figures } = window.mtz.charts.style;

  const point = (row, style) => (style === "candles"
    ? { time: row.time, open: row.open, high: row.high, low: row.low, close: row.close }
    : { time: row.time, value: row.close });

  /* Points of the price with nothing where a gap is. */
  const prices = (rows, style) => rows.map((row, i) => {
    if (row.gap) return { time: row.time };
    const next = rows[i + 1];
    return style !== "candles" && next && next.gap ? { ...point(row, style), ...HIDDEN } : point(row, style);
  });

  /* `words`: how its numbers are written, "mtzMoney" or "mtzPrice". */
  function price(rows, style, colours, words, markers = []) {
    const common = { priceFormat: figures(words), priceLineVisible: true, priceLineColor: colours.accent, priceLineStyle: 2, lastValueVisible: true };
    const look = style === "candles"
      ? { upColor: colours.up, downColor: colours.down, wickUpColor: colours.up, wickDownColor: colours.down, borderVisible: false }
      : { lineColor: colours.accent, topColor: colours.top, bottomColor: colours.bottom, lineWidth: 2 };
    return { id: PRICE, type: style === "candles" ? "candlestick" : "area", data: prices(rows, style), options: { ...common, ...look }, markers, pane: 0 };
  }

  const bar = (row, colours) => ({ time: row.time, value: row.pnl, color: row.pnl < 0 ? colours.down : colours.up });

  /* The P&L of each bucket: columns from zero, up and down. */
  function pnl(rows, colours) {
    const data = rows.filter((row) => !row.gap && Number.isFinite(row.pnl)).map((row) => bar(row, colours));
    return { id: PNL, type: "histogram", data, options: { base: 0, priceFormat: figures("mtzSigned"), priceLineVisible: false, lastValueVisible: true }, priceScaleOptions: { scaleMargins: MARGINS }, pane: 1 };
  }

  /* A P&L that is a level, not a change (unrealised): a line, green above zero and red below. */
  function level(rows, colours) {
    const data = rows.map((row, i) => {
      if (row.gap || !Number.isFinite(row.pnl)) return { time: row.time };
      const hidden = rows[i + 1] && rows[i + 1].gap;
      const none = { topLineColor: "transparent", bottomLineColor: "transparent", topFillColor1: "transparent", topFillColor2: "transparent", bottomFillColor1: "transparent", bottomFillColor2: "transparent" };
      return { time: row.time, value: row.pnl, ...(hidden ? none : {}) };
    });
    return {
      id: PNL, type: "baseline", data, pane: 1, priceScaleOptions: { scaleMargins: MARGINS },
      options: {
        baseValue: { type: "price", price: 0 }, lineWidth: 2, priceLineVisible: false, priceFormat: figures("mtzSigned"),
        topLineColor: colours.up, topFillColor1: colours.upSoft, topFillColor2: "transparent",
        bottomLineColor: colours.down, bottomFillColor1: "transparent", bottomFillColor2: colours.downSoft,
      },
    };
  }

  function volume(rows, colours) {
    const data = rows.filter((row) => !row.gap && row.volume !== null).map((row) => ({
      time: row.time, value: row.volume, color: row.close < row.open ? colours.downSoft : colours.upSoft,
    }));
    return {
      id: "volume", type: "histogram", data, pane: 0,
      options: { priceScaleId: "volume", priceFormat: { type: "volume" }, priceLineVisible: false, lastValueVisible: false },
      priceScaleOptions: { scaleMargins: { top: 0.82, bottom: 0 } },
    };
  }

  const line = (id, points, colour, pane, more) => ({
    id, type: "line", data: points, pane,
    options: { color: colour, lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false, ...more },
  });

  const benchmark = (points, colours) => line(BENCHMARK, points, colours.second, 0, { lineWidth: 2, priceFormat: figures("mtzMoney"), lastValueVisible: true });

  /* Deposits below the curve, withdrawals above it, at the bucket they fell into; several of one bucket are one mark. */
  function markers(rows, flows, step, colours) {
    const sums = new Map();
    for (const flow of flows) {
      const row = bucketOf(rows, flow.time, step);
      if (row) sums.set(row.time, [...(sums.get(row.time) || []), flow]);
    }
    const edge = Math.floor(rows.length * EDGE);
    const [left, right] = rows.length ? [rows[edge].time, rows[rows.length - 1 - edge].time] : [];
    return [...sums].sort(([a], [b]) => a - b).map(([time, found]) => {
      const amount = found.reduce((sum, flow) => sum + flow.amount, 0);
      const into = amount >= 0;
      return {
        time, position: into ? "belowBar" : "aboveBar", shape: into ? "arrowUp" : "arrowDown", color: colours.warn,
        text: time < left || time > right ? "" : (found.some((flow) => flow.suspected) ? "suspected " : "") + format.signed(amount, amount % 1 ? 2 : 0), size: 1, id: `flow-${time}`,
      };
    });
  }

  /* Where statements' values end and samples begin: a mark on the first row of these. */
  function seam(rows, time, colours) {
    const i = time === null || time === undefined ? -1 : rows.findIndex((row) => !row.gap && row.time >= time - 1);
    return i < 1 ? [] : [{ time: rows[i].time, position: "aboveBar", shape: "square", color: colours.accent, text: "statement | live", size: 1, id: "seam" }];
  }

  /* The row that a moment belongs to, null outside of the rows. A day's row holds what happened since the session before. */
  function bucketOf(rows, time, step) {
    const { lowerThan, DAY } = window.mtz.charts.rows;
    const known = rows.filter((row) => !row.gap);
    if (!known.length || time < known[0].time - (step >= DAY ? DAY : 0)) return null;
    if (time >= known[known.length - 1].time + Math.max(step, DAY)) return null;
    return known[lowerThan(known, time)];
  }

  return { PRICE, PNL, BENCHMARK, price, pnl, level, volume, line, benchmark, markers, seam, bucketOf, point, bar };
})();
