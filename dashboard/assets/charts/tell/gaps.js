/* The list under a chart: when there were no data, and why. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.gaps = (function () {
  const SHOWN = 3;
  const { rows: layout, style } = window.mtz.charts;

  const until = (seconds) => (Number.isFinite(seconds) ? style.moment(seconds) : "now");

  /* { from, to, reason }, newest first: the outages that the answer names, and gaps that none of them explains. */
  function found(data) {
    const named = data.outages.map((outage) => ({ from: layout.seconds(outage.started), to: layout.seconds(outage.ended), reason: outage.reason }));
    const alone = data.gaps.filter((gap) => !named.some((one) => one.from < gap.to && one.to > gap.from));
    return [...named, ...alone].sort((a, b) => b.from - a.from);
  }

  function item(gap) {
    return window.mtz.ui.component("Li", { children: `${style.moment(gap.from)} – ${until(gap.to)} no data: ${gap.reason}` });
  }

  function tell(chart, data) {
    const { component } = window.mtz.ui;
    const all = data ? found(data) : [];
    const items = all.slice(0, SHOWN).map(item);
    if (all.length > SHOWN) {
      items.push(component("Li", { className: "more", children: component("Details", { children: [
        component("Summary", { children: `${all.length - SHOWN} more` }), component("Ul", { children: all.slice(SHOWN).map(item) }),
      ] }) }));
    }
    chart.update("gaps", { children: items, hidden: !items.length });
  }

  return { tell, found };
})();
