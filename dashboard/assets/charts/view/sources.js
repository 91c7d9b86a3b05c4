/* What a chart shows: how it is asked for, its rows, its series, its columns. One for each kind of chart.

   load(window, signal) → { rows, gaps, step, first, last, from, to, currency, flows, outages, problem, … }; `window` holds frame
   or from and to, and points. series(data, look) → the chart's series. columns(look) → [field, title, kind, short title]. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.sources = (function () {
  const { asks, rows: layout, series, benchmark, technical } = window.mtz.charts;
  const { state } = window.mtz.state;
  const OHLC = [["open", "Open", "O"], ["high", "High", "H"], ["low", "Low", "L"], ["close", "Close", "C"]];
  const iso = (seconds) => (seconds === null || seconds === undefined ? null : new Date(seconds * 1000).toISOString());

  /* A window as the server is asked for it. Without a beginning and an end it is all there is. */
  const asked = ({ frame, from, to, points }) => (frame || (from === null && to === null)
    ? { frame: frame || "All", points }
    : { from: iso(from), to: iso(to), points });

  function data(view, steady = false) {
    const { rows, gaps } = layout.lay(view.items, view.step_s, view.outages || [], steady);
    return {
      rows, gaps, step: view.step_s, resolution: view.resolution, currency: view.currency, outages: view.outages || [], flows: view.flows || [],
      problem: view.problem || null, from: layout.seconds(view.since), to: layout.seconds(view.until),
      seam: view.seam ? layout.seconds(view.seam) : null, first: view.first ? layout.seconds(view.first) : -Infinity, last: view.last ? layout.seconds(view.last) : -Infinity,
    };
  }

  const ohlc = (kind) => OHLC.map(([field, title, short]) => [field, title, kind, short]);

  /* The account's net liquidation, the P&L of each bucket, the benchmark. */
  function equity() {
    return {
      words: "mtzMoney",
      label: "Net liquidation",
      below: "P&L of each point",
      performance: true,
      nothing: "Nothing is stored of this span yet: the curve begins with the first value that the broker sends.",
      file: () => `equity-${state.account}`,
      async load(window_, signal, look) {
        const view = await asks.get("equity", { account: state.account, ...asked(window_) }, signal);
        const found = data(view, true);
        const bars = look.benchmark ? await benchmarkBars(found, window_.points, signal) : null;
        return { ...found, benchmark: bars };
      },
      series(found, look, colours) {
        const marks = [...series.markers(found.rows, found.flows, found.step, colours), ...series.seam(found.rows, found.seam, colours)]
          .sort((a, b) => a.time - b.time);
        const all = [series.price(found.rows, look.style, colours, "mtzMoney", marks), series.pnl(found.rows, colours)];
        if (found.benchmark) all.push(series.benchmark(found.benchmark, colours));
        return all;
      },
      panes: () => 1,
      columns: (look) => [
        ...ohlc("money"), ["pnl", "P&L", "signed"], ["return_pct", "Return", "percent"],
        ...(look.benchmark ? [["benchmark", `In ${benchmark.symbol()}`, "money"]] : []),
      ],
    };
  }

  /* The benchmark's points beside the equity of `found`; null when they can't be had: the curve itself isn't held up. */
  async function benchmarkBars(found, points, signal) {
    if (!found.rows.length) return null;
    const end = found.rows[found.rows.length - 1].time + found.step;
    try {
      const view = await asks.get(`bars/${encodeURIComponent(benchmark.symbol())}`, { from: iso(found.rows[0].time), to: iso(end), points }, signal);
      return benchmark.rebased(found.rows, found.step, view.items, view.step_s, found.flows);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return null;
    }
  }

  /* One contract that the account holds or held. */
  function position(conId) {
    return {
      words: "mtzPrice",
      label: "Price",
      below: "Unrealized P&L",
      nothing: "Nothing is stored of this contract in this span: samples are kept while it is held.",
      file: () => `position-${conId}`,
      load: async (window_, signal) => data(await asks.get(`positions/${conId}`, { account: state.account, ...asked(window_) }, signal)),
      series: (found, look, colours) => [series.price(found.rows, look.style, colours, "mtzPrice"), series.level(found.rows, colours)],
      panes: () => 1,
      columns: () => [...ohlc("price"), ["pnl", "Unrealized P&L", "signed"]],
    };
  }

  /* The broker's bars of an instrument, with the technical panel. */
  function symbol(name) {
    return {
      words: "mtzPrice",
      label: name,
      nothing: `There are no bars of ${name} in this span: try a longer one.`,
      file: () => `bars-${name}`,
      async load(window_, signal) {
        const [bars, indicators] = await Promise.all([
          asks.get(`bars/${encodeURIComponent(name)}`, asked(window_), signal),
          asks.get(`indicators/${encodeURIComponent(name)}`, asked(window_), signal),
        ]);
        const more = new Map(indicators.items.map((item) => [item.time, item]));
        return data({ ...bars, items: bars.items.map((bar) => ({ ...more.get(bar.time), ...bar })), problem: bars.problem || indicators.problem });
      },
      series: (found, look, colours) => [
        series.price(found.rows, look.style, colours, "mtzPrice"), series.volume(found.rows, colours),
        ...technical.overlays(found.rows, look.technical, colours), ...technical.panes(found.rows, look.technical, colours),
      ],
      panes: (look) => technical.paneCount(look.technical),
      columns: (look) => [...ohlc("price"), ["volume", "Volume", "number"], ...technical.columns(look.technical)],
    };
  }

  return { equity, position, symbol };
})();
