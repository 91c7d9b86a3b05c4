/* The Overview's chart: the account's equity over every time frame, growing with the portfolio's values. */
window.mtz = window.mtz || {};

window.mtz.equity = (function () {
  const { Chart, sources, tools, asks, benchmark } = window.mtz.charts;
  const { state } = window.mtz.state;
  const chart = tools.add(new Chart("equity"));

  /* The account is known, or another one was chosen. */
  function follow() {
    chart.watch(sources.equity());
    offerBenchmark();
  }

  /* A benchmark that has no bars can't be chosen, and says why. */
  async function offerBenchmark() {
    let why = null;
    try {
      const view = await asks.get(`bars/${encodeURIComponent(benchmark.symbol())}`, { points: 10, frame: "All" });
      if (!view.items.length) why = view.problem || `There are no bars of ${benchmark.symbol()} yet.`;
    } catch (error) {
      why = error.message;
    }
    window.mtz.ui.show("equity-benchmark-button", {
      "aria-disabled": String(why !== null),
      title: why || `The same money, deposits included, in ${benchmark.symbol()}`,
    });
    window.mtz.ui.show("equity-benchmark-why", { children: why || "" });
    if (why !== null && chart.look.benchmark) chart.setBenchmark(false);
  }

  let suspected = null; // [account, sum]: what is suspected to be no profit; another sum changes rows that are drawn

  function noticeSuspected({ account, suspected_transfers: sum }) {
    const [before, known] = suspected || [account, sum];
    suspected = [account, sum];
    if (before === account && known !== sum) chart.refresh();
  }

  function grow() {
    const { portfolio } = state;
    if (portfolio) noticeSuspected(portfolio);
    if (!portfolio || portfolio.net_liquidation === null || !portfolio.as_of || portfolio.freshness === "offline") return;
    chart.grow(Math.floor(Date.parse(portfolio.as_of) / 1000), portfolio.net_liquidation, portfolio.market_phase === "open");
  }

  window.mtz.state.on(["portfolio.update"], grow);

  return { follow, refresh: () => chart.refresh(), chart };
})();
