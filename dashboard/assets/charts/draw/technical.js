/* The technical panel of a symbol: which indicators are on, and how each is drawn. The numbers come from the server. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.technical = (function () {
  const KEY = "mtz-technical";
  const { line } = window.mtz.charts.series;
  const { figures } = window.mtz.charts.style;
  const COLUMNS = {
    sma: [["sma_20", "SMA 20", "price"]],
    ema: [["ema_50", "EMA 50", "price"]],
    bollinger: [["bb_upper", "BB upper", "price"], ["bb_middle", "BB middle", "price"], ["bb_lower", "BB lower", "price"]],
    rsi: [["rsi_14", "RSI 14", "number"]],
    macd: [["macd", "MACD", "number"], ["macd_signal", "Signal", "number"], ["macd_hist", "Histogram", "number"]],
    atr: [["atr_14", "ATR 14", "price"]],
    volatility: [["realized_vol_20", "Realised vol", "fraction"], ["implied_vol", "Implied vol", "fraction"]],
  };
  const FIRST = ["sma", "bollinger", "rsi"];

  function remembered() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      return Array.isArray(found) ? found.filter((name) => name in COLUMNS) : FIRST;
    } catch {
      return FIRST; // a browser that keeps nothing, or kept something else
    }
  }

  function remember(shown) {
    try {
      localStorage.setItem(KEY, JSON.stringify(shown));
    } catch {
      // it lasts as long as the page
    }
  }

  const points = (rows, field) => rows.filter((row) => !row.gap && Number.isFinite(row[field])).map((row) => ({ time: row.time, value: row[field] }));

  /* Lines over the price. */
  function overlays(rows, shown, c) {
    const found = [];
    if (shown.includes("sma")) found.push(line("sma_20", points(rows, "sma_20"), c.warn, 0));
    if (shown.includes("ema")) found.push(line("ema_50", points(rows, "ema_50"), c.second, 0));
    if (shown.includes("bollinger")) {
      for (const side of ["bb_upper", "bb_middle", "bb_lower"]) {
        found.push(line(side, points(rows, side), c.third, 0, { lineStyle: side === "bb_middle" ? 2 : 0 }));
      }
    }
    return found;
  }

  const own = (id, title, rows, colour, pane, words) =>
    line(id, points(rows, id), colour, pane, { lastValueVisible: true, title, lineWidth: 2, priceFormat: figures(words, 0.0001) });

  const PANES = {
    rsi: (rows, c, pane) => [{
      ...own("rsi_14", "RSI", rows, c.accent, pane, "mtzPlain"),
      priceLines: [70, 30].map((price) => ({ price, color: c.text, lineWidth: 1, lineStyle: 2, axisLabelVisible: false, title: "" })),
    }],
    macd: (rows, c, pane) => [
      {
        id: "macd_hist", type: "histogram", pane, options: { priceLineVisible: false, lastValueVisible: false, priceFormat: figures("mtzMoney") },
        data: points(rows, "macd_hist").map((point) => ({ ...point, color: point.value < 0 ? c.downSoft : c.upSoft })),
      },
      own("macd", "MACD", rows, c.accent, pane, "mtzMoney"),
      own("macd_signal", "Signal", rows, c.warn, pane, "mtzMoney"),
    ],
    atr: (rows, c, pane) => [own("atr_14", "ATR", rows, c.accent, pane, "mtzMoney")],
    volatility: (rows, c, pane) => [
      own("realized_vol_20", "Realised", rows, c.accent, pane, "mtzPercent"),
      own("implied_vol", "Implied", rows, c.warn, pane, "mtzPercent"),
    ],
  };

  /* A pane for each of those that have one, below the price. */
  function panes(rows, shown, c) {
    return Object.keys(PANES).filter((name) => shown.includes(name)).flatMap((name, i) => PANES[name](rows, c, i + 1));
  }

  const columns = (shown) => Object.keys(COLUMNS).filter((name) => shown.includes(name)).flatMap((name) => COLUMNS[name]);
  const paneCount = (shown) => Object.keys(PANES).filter((name) => shown.includes(name)).length;

  return { NAMES: Object.keys(COLUMNS), remembered, remember, overlays, panes, paneCount, columns };
})();
