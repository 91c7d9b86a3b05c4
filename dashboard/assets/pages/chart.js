/* Today's equity. Samples are laid on an even grid of time, so that the axis doesn't lie: where nothing was stored for longer
   than a sample may take there is a gap, never a line. */
window.mtz = window.mtz || {};

window.mtz.chart = (function () {
  const CHART = "equity-chart";
  const SERIES = "equity";
  const GAP_S = 90; // a sample a minute is stored while the feed is proven alive
  const MOST_STEPS = 1500; // then the curve is asked for anew, at a coarser step
  const MOST_GAPS = 4;
  const { state } = window.mtz.state;
  const { format } = window.mtz;

  let step = 1;
  let last = null; // the newest { time, value } on the chart; time in seconds, a multiple of step
  let sampledAt = 0; // when the newest sample was taken, in seconds
  let steps = 0;
  let colours = null;
  let points = [];
  let gaps = [];
  let tableShown = false;

  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const clockSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const floor = (seconds) => Math.floor(seconds / step) * step;
  const gapAfter = () => Math.max(GAP_S, 2.5 * step);

  window.dashTvlwcFunctions = Object.assign(window.dashTvlwcFunctions || {}, {
    mtzTime: (seconds) => clockSeconds.format(new Date(seconds * 1000)),
    mtzTick: (seconds, kind) => (kind >= 4 ? clockSeconds : clock).format(new Date(seconds * 1000)),
    mtzMoney: (value) => format.number(value),
  });

  /* What stands on the grid between the last sample and this one: the last value again, or nothing. */
  function between(from, sample) {
    const filled = [];
    const gap = sample.time - sampledAt > gapAfter();
    for (let time = from.time + step; time < floor(sample.time); time += step) {
      filled.push(gap ? { time } : { time, value: from.value });
    }
    return [filled, gap];
  }

  /* The line is broken by the point before a gap: what leaves it is not drawn. */
  const hidden = { lineColor: "transparent", topColor: "transparent", bottomColor: "transparent" };

  function add(sample) {
    const time = floor(sample.time);
    const point = { time, value: sample.value };
    let fresh = [point];
    if (last && time > last.time) {
      const [filled, gap] = between(last, sample);
      if (gap) gaps.push({ from: sampledAt, to: sample.time });
      fresh = gap ? [{ ...last, ...hidden }, ...filled, point] : [...filled, point];
    } else if (last && time < last.time) {
      return [];
    }
    last = point;
    sampledAt = sample.time;
    steps += fresh.length;
    return fresh;
  }

  function load(view) {
    step = Math.max(1, view.resolution_s);
    last = null;
    sampledAt = 0;
    steps = 0;
    gaps = [];
    points = [];
    for (const sample of view.items) {
      for (const point of add(sample)) {
        if (points.length && points[points.length - 1].time === point.time) points.pop();
        points.push(point);
      }
    }
    draw();
    tell(view);
  }

  function draw() {
    if (!colours) colours = palette();
    window.dash_clientside.set_props(CHART, {
      chartOptions: chartOptions(),
      series: [{ id: SERIES, type: "area", data: points, options: seriesOptions() }],
      timeScaleAction: { action: "fitContent", nonce: Date.now() },
    });
  }

  /* A value of now: the curve grows. */
  function grow(portfolio) {
    if (!last || !portfolio || portfolio.net_liquidation === null || !portfolio.as_of) return;
    if (portfolio.freshness === "offline") return;
    const time = Math.floor(Date.parse(portfolio.as_of) / 1000);
    if (time < sampledAt || (time === sampledAt && portfolio.net_liquidation === last.value)) return;
    const before = gaps.length;
    const fresh = add({ time, value: portfolio.net_liquidation });
    if (!fresh.length) return;
    if (gaps.length > before || steps > MOST_STEPS) {
      window.mtz.feed.askEquity(); // with the outage's reason, or at a coarser step
      if (steps > MOST_STEPS) steps = 0;
    }
    window.dash_clientside.set_props(CHART, { tick: fresh.map((bar) => ({ id: SERIES, bar })) });
  }

  function tell(view) {
    const { ui } = window.mtz;
    const day = view.session_date ? ` · session of ${view.session_date}` : "";
    ui.show("equity-note", { children: `${view.currency || ""}${day} · times in ${format.zone}` });
    ui.show("equity-empty", { hidden: points.length > 0 });
    const { component } = ui;
    const open = view.outages.filter((outage) => outage.ended === null);
    const told = [...gaps.map((gap) => [gap.from, gap.to, reason(view, gap)])];
    for (const outage of open) {
      if (!gaps.some((gap) => gap.to * 1000 > Date.parse(outage.started))) told.push([Date.parse(outage.started) / 1000, null, outage.reason]);
    }
    window.dash_clientside.set_props("equity-gaps", {
      children: told.slice(-MOST_GAPS).reverse().map(([from, to, why]) =>
        component("Li", { children: `${at(from)}–${to === null ? "now" : at(to)} no data: ${why}` })),
    });
    if (tableShown) drawTable();
  }

  const at = (seconds) => clock.format(new Date(seconds * 1000));

  function reason(view, gap) {
    const found = view.outages.find((outage) =>
      Date.parse(outage.started) / 1000 <= gap.to && (outage.ended === null || Date.parse(outage.ended) / 1000 >= gap.from));
    return found ? found.reason : "no sample was stored.";
  }

  /* The curve as numbers: one row a minute, newest first. */
  function drawTable() {
    const { component } = window.mtz.ui;
    const minutes = new Map();
    for (const point of points) if (point.value !== undefined) minutes.set(Math.floor(point.time / 60), point);
    const rows = [...minutes.values()].reverse().map((point) =>
      component("Tr", { children: [
        component("Td", { children: clockSeconds.format(new Date(point.time * 1000)) }),
        component("Td", { children: format.number(point.value), className: "num" }),
      ] }));
    const head = component("Thead", { children: component("Tr", { children: [
      component("Th", { children: `Time (${format.zone})`, scope: "col" }),
      component("Th", { children: "Net liquidation", scope: "col", className: "num" }),
    ] }) });
    const caption = component("Caption", { children: "The last value of each minute" });
    window.dash_clientside.set_props("equity-table", {
      children: component("Table", { className: "plain", children: [caption, head, component("Tbody", { children: rows })] }),
    });
  }

  function toggleTable() {
    tableShown = !tableShown;
    window.mtz.ui.show("equity-table", { hidden: !tableShown });
    window.mtz.ui.show("equity-table-button", { "aria-pressed": String(tableShown) });
    if (tableShown) drawTable();
  }

  function palette() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    return {
      text: colour("--mtz-muted"), line: colour("--mtz-line-soft"), border: colour("--mtz-line"), accent: colour("--mtz-accent"),
      top: colour("--mtz-chart-top"), bottom: colour("--mtz-chart-bottom"), surface: colour("--mtz-surface"),
      font: colour("--mtz-font"),
    };
  }

  function chartOptions() {
    return {
      autoSize: true,
      layout: {
        background: { type: "solid", color: colours.surface }, textColor: colours.text, fontFamily: colours.font,
        fontSize: 12, attributionLogo: true,
      },
      grid: { vertLines: { color: colours.line }, horzLines: { color: colours.line } },
      rightPriceScale: { borderColor: colours.border, scaleMargins: { top: 0.12, bottom: 0.12 } },
      timeScale: {
        borderColor: colours.border, timeVisible: true, secondsVisible: step < 60, rightOffset: 2,
        tickMarkFormatter: "mtzTick", lockVisibleTimeRangeOnResize: true,
      },
      localization: { priceFormatter: "mtzMoney", timeFormatter: "mtzTime" },
      crosshair: { mode: 1 },
      handleScale: { mouseWheel: false },
      handleScroll: { mouseWheel: false, vertTouchDrag: false }, // the page scrolls, not the chart
    };
  }

  function seriesOptions() {
    return {
      lineColor: colours.accent, topColor: colours.top, bottomColor: colours.bottom, lineWidth: 2,
      priceLineVisible: true, priceLineColor: colours.accent, lastValueVisible: true,
    };
  }

  /* The other theme's colours. */
  function recolour() {
    colours = null;
    if (last) draw();
  }

  function clear() {
    last = null;
    points = [];
    gaps = [];
    draw();
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    equity: (message) => { if (message) load(message.view); },
    grow: (message) => { if (message) grow(message.view); },
    equityTable: (clicks) => { if (clicks) toggleTable(); },
  });

  return { recolour, clear };
})();
