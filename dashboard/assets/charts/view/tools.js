/* Buttons, keys and the wheel of every chart. A button says by `data-act` what it does to the chart `data-chart`. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.tools = (function () {
  const KEYS = new Map([
    ["ArrowLeft", (chart) => chart.pan(-0.2)],
    ["ArrowRight", (chart) => chart.pan(0.2)],
    ["+", (chart) => chart.zoom(2)],
    ["=", (chart) => chart.zoom(2)],
    ["-", (chart) => chart.zoom(0.5)],
    ["Home", (chart) => chart.choose(chart.frame)],
  ]);
  const ACTS = {
    frame: (chart, value) => chart.choose(value),
    style: (chart, value) => chart.setStyle(value),
    zoom: (chart, value) => chart.zoom(Number(value)),
    table: (chart) => chart.toggleTable(),
    csv: (chart) => chart.csv(),
    benchmark: (chart, _value, button) => {
      if (button.getAttribute("aria-disabled") === "true") window.mtz.ui.show("announce", { children: button.title });
      else chart.setBenchmark(!chart.look.benchmark);
    },
    technical: (chart, value) => chart.setTechnical(value),
  };
  const known = new Map();

  const add = (chart) => { known.set(chart.key, chart); return chart; };
  const of = (element) => (element ? known.get(element.dataset.chart) : undefined);
  const all = () => [...known.values()];

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-act]");
    const chart = of(button);
    if (chart) ACTS[button.dataset.act](chart, button.dataset.value, button);
  });

  document.addEventListener("keydown", (event) => {
    const plot = event.target.matches && event.target.matches(".chart") ? event.target : null;
    const act = of(plot) && !event.ctrlKey && !event.metaKey && !event.altKey && KEYS.get(event.key);
    if (!act) return;
    event.preventDefault();
    act(of(plot));
  });

  /* The wheel alone scrolls the page; with Ctrl (or a pinch) it zooms, sideways it pans. */
  document.addEventListener("wheel", (event) => {
    const plot = event.target.closest && event.target.closest(".chart");
    if (plot && !event.ctrlKey && !event.metaKey && Math.abs(event.deltaY) >= Math.abs(event.deltaX)) event.stopPropagation();
  }, { capture: true, passive: true });

  for (const hold of ["pointerdown", "wheel"]) {
    document.addEventListener(hold, (event) => {
      const chart = of(event.target.closest && event.target.closest(".chart"));
      if (chart) chart.held();
    }, { capture: true, passive: true });
  }

  setInterval(() => all().forEach((chart) => chart.refresh()), window.mtz.charts.Chart.REFRESH_MS);

  /* The other theme's colours. */
  function recolour() {
    window.mtz.charts.style.forget();
    all().forEach((chart) => chart.redraw());
  }

  const named = (id) => known.get(id.replace(/-chart$/, ""));

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    chartMoved: (places, id) => { if (named(id)) named(id).moved(places); },
    chartPointed: (event, id) => { if (named(id)) named(id).crosshair(event); },
  });

  return { add, all, recolour };
})();
