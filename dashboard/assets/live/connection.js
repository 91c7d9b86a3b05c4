/* The header: how far the numbers may be trusted to be of now. The server says so; when it is silent the page sees by itself
   that data stopped. */
window.mtz = window.mtz || {};

window.mtz.connection = (function () {
  const WORDS = { live: "Live", delayed: "Delayed", frozen: "Frozen", stale: "Stale", closed: "Closed", offline: "Offline" };
  const MEANING = {
    live: "The numbers are of this moment.",
    delayed: "The broker sends delayed prices: there is no market data subscription.",
    frozen: "The broker sends the last values of the closed market.",
    stale: "Nothing new came from the broker for a while.",
    closed: "The market is closed; these are its last values.",
    offline: "No data comes in.",
  };
  const KEPT = " The last numbers stay, marked with their age.";
  const AWAY = "The dashboard's server doesn't answer: check that `mtz run` is running. This page comes back by itself.";
  const PHASES = {
    pre: ["Pre-market", "opens in"],
    open: ["Market open", "closes in"],
    post: ["After hours", "ends in"],
    closed: ["Market closed", "reopens in"],
  };
  const SOURCES = {
    demo: "A simulated account: no money is at stake.",
    paper: "A paper account at the broker: no money is at stake.",
    live: "A real account with real money.",
  };
  const { state, lastDatum } = window.mtz.state;
  let announced = null;
  let phase = null;

  /* The state and its reason. */
  function judge(now) {
    if (window.mtz.feed.serverAway()) return ["offline", AWAY];
    const { status } = state;
    if (!status) return ["offline", state.problem || "No gateway has said yet which account it is."];
    const parts = [status.database, status.poller, status.gateway];
    const reason = (parts.find((part) => part.reason) || {}).reason;
    if (status.freshness === "live" || status.freshness === "delayed") {
      const limit = status.market_phase === "open" && state.positions.size ? state.config.limits.ticking : state.config.limits.resting;
      const datum = lastDatum();
      if (datum && now - Date.parse(datum) > limit * 1000) {
        return ["stale", `Nothing new from the broker for more than ${limit} s.`];
      }
    }
    return [status.freshness, reason || MEANING[status.freshness]];
  }

  function render() {
    const now = window.mtz.clock.now();
    const [word, reason] = judge(now);
    const datum = lastDatum();
    const age = datum ? (now - Date.parse(datum)) / 1000 : null;
    const { ui, format } = window.mtz;
    const text = word === "stale" && age !== null ? `${WORDS.stale} ${format.age(age)}` : WORDS[word];
    ui.show("connection", { className: `pill ${word}` });
    ui.show("connection-text", { children: text });
    ui.show("connection-why", { children: facts(reason) });
    ui.moment("datum-age", datum || "");
    ui.show("market", { children: session(now) });
    const trouble = word === "offline" && (state.account || state.problem) ? reason + (state.account ? KEPT : "") : "";
    ui.show("problem", { children: trouble, hidden: !trouble });
    if (announced !== null && announced !== word) ui.show("announce", { children: `Connection: ${WORDS[word]}. ${reason}` });
    announced = word;
    badge();
    noticeTurns();
  }

  let factsText = null;
  let factsShown = null;

  /* The same list again is the same object, so that nothing is drawn anew. */
  function facts(reason) {
    const { status } = state;
    const { component } = window.mtz.ui;
    const rows = [["Why", reason]];
    if (status) {
      rows.push(["Gateway", `${status.gateway.state.replaceAll("_", " ")}, ${status.gateway_address}`]);
      rows.push(["Poller", status.poller.state.replaceAll("_", " ") + (status.queue_depth ? `, ${status.queue_depth} in its queue` : "")]);
      rows.push(["Database", status.database.state]);
      rows.push(["Market data", `${status.market_data_lines} lines`]);
      if (status.last_error) rows.push(["Last error", `${status.last_error} (${window.mtz.format.time(status.last_error_at)})`]);
    }
    rows.push(["This page", window.mtz.socket.working() ? "updated at once" : "asks every 2 s: no WebSocket"]);
    const text = JSON.stringify(rows);
    if (text !== factsText) {
      factsText = text;
      factsShown = component("Dl", {
        className: "facts",
        children: rows.flatMap(([name, words]) => [component("Dt", { children: name }), component("Dd", { children: words })]),
      });
    }
    return factsShown;
  }

  function session(now) {
    const { status } = state;
    if (!status || !status.market_phase) return "";
    const [name, until] = PHASES[status.market_phase];
    const left = status.next_phase_at ? (Date.parse(status.next_phase_at) - now) / 1000 : 0;
    return left > 0 ? `${name} · ${until} ${window.mtz.format.span(left)}` : name;
  }

  function badge() {
    const source = (state.status && state.status.source) || state.source;
    if (!source) return;
    window.mtz.ui.show("badge", { children: source.toUpperCase(), className: `badge-source ${source}`, title: SOURCES[source] });
    const title = `${window.mtz.title ? `${window.mtz.title} · ` : ""}MoneyTrailz · ${source.toUpperCase()}`;
    if (document.title !== title) document.title = title;
  }

  /* An outage began or ended, or the session turned: the curve has a new gap, or a new day. */
  function noticeTurns() {
    const { status } = state;
    const turn = status && `${status.market_phase} ${status.freshness} ${status.gateway.state}`;
    if (phase !== null && turn && turn !== phase) window.mtz.equity.refresh();
    if (turn) phase = turn;
  }

  window.mtz.clock.everySecond(render);
  window.mtz.state.on(["status.update", "portfolio.update"], render);

  return { render };
})();
