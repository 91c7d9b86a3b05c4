/* The theme's colours and the chart's look, from the style sheet: a chart is painted, no style reaches into it. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.style = (function () {
  const NAMES = {
    text: "muted", line: "line-soft", border: "line", accent: "accent", top: "chart-top", bottom: "chart-bottom", surface: "surface",
    font: "font", up: "up", down: "down", upSoft: "chart-up", downSoft: "chart-down", warn: "warn", second: "chart-second", third: "chart-third",
  };
  const { format } = window.mtz;
  let colours = null;

  const intraday = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const CLOCK = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  const withDay = new Intl.DateTimeFormat("en-GB", { weekday: "short", ...CLOCK });
  const withYear = new Intl.DateTimeFormat("en-GB", { year: "numeric", ...CLOCK });
  const sessionMonth = new Intl.DateTimeFormat("en-GB", { month: "short", timeZone: "UTC" });
  const sessionDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const sessionFull = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const date = (time) => new Date(time * 1000);

  /* A mark of the time axis by its weight: 0 year, 1 month, 2 day, 3 time. */
  function tick(time, weight) {
    if (weight === 0) return String(date(time).getFullYear());
    return weight >= 3 ? intraday.format(date(time)) : dayMonth.format(date(time));
  }

  /* The same where a bucket is a trading day, whose time is its date at midnight UTC. */
  function dayTick(time, weight) {
    if (weight === 0) return String(date(time).getUTCFullYear());
    return (weight === 1 ? sessionMonth : sessionDay).format(date(time));
  }

  const thisYear = (time) => date(time).getFullYear() === new Date().getFullYear();
  const moment = (time) => (thisYear(time) ? withDay : withYear).format(date(time)).replaceAll(",", "");
  const day = (time) => sessionFull.format(date(time)).replaceAll(",", "");

  window.dashTvlwcFunctions = Object.assign(window.dashTvlwcFunctions || {}, {
    mtzTick: tick,
    mtzDayTick: dayTick,
    mtzMoment: moment,
    mtzDay: day,
    mtzMoney: (value) => format.number(value),
    mtzSigned: (value) => format.signed(value),
    mtzPrice: (value) => format.price(value),
    mtzPlain: (value) => format.number(value, 1),
    mtzPercent: (value) => format.fraction(value),
  });

  function palette() {
    if (colours) return colours;
    const style = getComputedStyle(document.documentElement);
    colours = Object.fromEntries(Object.entries(NAMES).map(([name, token]) => [name, style.getPropertyValue(`--mtz-${token}`).trim()]));
    return colours;
  }

  const forget = () => { colours = null; };

  /* Options of the whole chart; `daily`: its buckets are trading days. The attribution that the licence asks for stays. */
  function options(daily) {
    const c = palette();
    return {
      autoSize: true,
      layout: {
        background: { type: "solid", color: c.surface }, textColor: c.text, fontFamily: c.font, fontSize: 12, attributionLogo: true,
        panes: { separatorColor: c.border, separatorHoverColor: c.line, enableResize: true },
      },
      grid: { vertLines: { color: c.line }, horzLines: { color: c.line } },
      rightPriceScale: { borderColor: c.border, scaleMargins: { top: 0.1, bottom: 0.08 }, entireTextOnly: true },
      timeScale: {
        borderColor: c.border, timeVisible: !daily, secondsVisible: false, rightOffset: 0, minBarSpacing: 0.05,
        tickMarkFormatter: daily ? "mtzDayTick" : "mtzTick", lockVisibleTimeRangeOnResize: true,
      },
      localization: { timeFormatter: daily ? "mtzDay" : "mtzMoment" },
      crosshair: {
        mode: 1, vertLine: { color: c.text, labelBackgroundColor: c.text }, horzLine: { color: c.text, labelBackgroundColor: c.text },
      },
      handleScale: { mouseWheel: true, pinch: true, axisPressedMouseMove: true },
      handleScroll: { mouseWheel: true, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false }, // the page scrolls
    };
  }

  /* How a series' numbers are written: on the axis and beside the crosshair. */
  const figures = (name, least = 0.01) => ({ type: "custom", formatter: name, minMove: least });

  const STEPS = [[86400, "trading day", "trading days"], [3600, "hour", "hours"], [60, "minute", "minutes"]];

  /* A bucket's length in words: 5 minutes, 1 trading day. */
  function stepWords(step) {
    const [unit, one, many] = STEPS.find(([length]) => step >= length) || STEPS[2];
    const count = Math.max(1, Math.round(step / unit));
    return `${count} ${count === 1 ? one : many}`;
  }

  return { palette, forget, options, moment, day, figures, stepWords };
})();
