/* The benchmark: what the span's first equity would be worth in the benchmark's shares, deposits and withdrawals bought and
   sold on their day, so that both lines have the same money in them. Pure. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.benchmark = (function () {
  /* The page says which it is: a setting. */
  const symbol = () => document.getElementById("equity-benchmark-button").textContent;

  /* The benchmark's points beside `rows`. A bar counts from its end on: nothing is known before it happened. */
  function rebased(rows, step, bars, barStep, flows) {
    const known = rows.filter((row) => !row.gap);
    if (!known.length || !bars.length) return [];
    const { bucketOf } = window.mtz.charts.series;
    const paid = new Map();
    for (const flow of flows) {
      const row = bucketOf(rows, flow.time, step);
      if (row && row !== known[0]) paid.set(row.time, (paid.get(row.time) || 0) + flow.amount);
    }
    let next = 0;
    let price = bars[0].time <= known[0].time + step ? bars[0].open : null;
    let shares = null;
    const points = [];
    for (const row of known) {
      while (next < bars.length && bars[next].time + barStep <= row.time + step) price = bars[next++].close;
      if (price === null || !(price > 0)) continue;
      shares = shares === null ? row.close / price : shares + (paid.get(row.time) || 0) / price;
      points.push({ time: row.time, value: Math.round(shares * price * 100) / 100 });
    }
    return points;
  }

  return { symbol, rebased };
})();
