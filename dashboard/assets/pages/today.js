/* Today: what asks for a decision, the most urgent first, and what can't be known. Asked while the Overview is looked at: when it
   comes into sight, soon after what is held or run has changed or an answer failed, and every half minute. */
(function () {
  const EVERY_MS = 30000;
  const CHANGED_MS = 5000; // what is held changes with every price: not asked more often than this
  const PATIENCE_MS = 10000;
  const URGENCY = { now: "Now", soon: "Soon", watch: "Watch" };
  const { state } = window.mtz.state;
  const { clock, format, ui } = window.mtz;

  const fresh = (account) => ({ account, askedAt: null, asking: null, of: "", view: null, answeredAt: "", problem: "" });
  let known = fresh(null);

  const looking = () => {
    const page = document.getElementById("page-overview");
    return Boolean(page) && !page.hidden && !document.hidden;
  };
  const revisions = () => ["positions.update", "strategy.update"].map((type) => state.revisions[type] || 0).join(" ");

  function due() {
    if (known.askedAt === null) return true;
    const since = Date.now() - known.askedAt;
    return since >= EVERY_MS || (since >= CHANGED_MS && (known.problem !== "" || known.of !== revisions()));
  }

  function refresh() {
    if (!looking() || !state.account) return;
    if (known.account !== state.account) {
      known = fresh(state.account); // nothing of another account stays, and an answer for it finds no place
      draw();
    }
    if (window.mtz.feed.serverAway()) {
      if (known.asking) known.asking.abort();
      else if (!known.problem) failed(known, "The server doesn't answer.");
    } else if (known.asking) {
      if (Date.now() - known.askedAt > PATIENCE_MS) known.asking.abort();
    } else if (due()) {
      ask(Object.assign(known, { asking: new AbortController(), askedAt: Date.now(), of: revisions() }));
    }
  }

  async function ask(mine) {
    try {
      const view = await window.mtz.book.asks.get("today", {}, { signal: mine.asking.signal });
      Object.assign(mine, { asking: null, view, answeredAt: new Date(clock.now()).toISOString(), problem: "" });
      if (mine === known) draw();
    } catch (error) {
      failed(mine, error.message);
    }
  }

  function failed(mine, reason) {
    Object.assign(mine, { asking: null, problem: `Today can't be read now: ${reason}` });
    if (mine === known) draw();
  }

  let drawn = ""; // what the lists show: they are made anew only when that changes

  function draw() {
    const { view, problem, answeredAt } = known;
    const { items, unknown } = view || { items: [], unknown: [] };
    ui.show("today-problem", { children: problem });
    ui.show("today-age", { dateTime: problem ? answeredAt : "" });
    ui.show("today-failed", { hidden: !problem });
    ui.show("today-note", { children: view && view.as_of ? `as of ${format.time(view.as_of)}` : "" });
    const words = said(view, problem);
    ui.show("today-state", { children: words, hidden: !words });
    drawFreeCash(view);
    const text = JSON.stringify([items, unknown]);
    if (text !== drawn) {
      drawn = text;
      ui.show("today-lines", { children: items.map(line), hidden: !items.length });
      ui.show("today-unknown", { children: unknown.map(notKnown), hidden: !unknown.length });
    }
  }

  /* "Nothing to do" is said only of an answer of now that lacks nothing. */
  function said(view, problem) {
    if (!view) return problem ? "" : "What is due is being read.";
    if (view.items.length) return "";
    if (view.unknown.length) return "Nothing is known to be due, but not everything can be known:";
    return problem ? "By the last answer there was nothing to do." : "Nothing to do.";
  }

  function drawFreeCash(view) {
    const free = view ? view.free_cash : null;
    const currency = (state.summary && state.summary.currency) || "";
    ui.show("today-free", { hidden: free === null });
    const near = view && view.near_cash ? `, near-cash ${format.number(view.near_cash)}` : "";
    ui.show("today-free-figure", { children: `${format.number(free)} ${currency}`.trim() + near, className: free < 0 ? "num down" : "num" });
  }

  function line(item) {
    return ui.component("Li", { className: `today-line ${item.urgency}`, children: [
      ui.component("Span", { className: "urgency", children: URGENCY[item.urgency] }),
      item.con_id === null ? pageLink(item) : ui.component("A", { href: `#position=${item.con_id}`, children: item.text }),
    ] });
  }

  const pageLink = (item) => ui.component("A", { href: item.page === "overview" ? "/" : `/${item.page}`, className: "to-page", children: item.text });

  const notKnown = (sentence) => ui.component("Li", { className: "today-line", children: [
    ui.component("Span", { className: "urgency", children: "Not known" }), ui.component("Span", { children: sentence })] });

  document.addEventListener("mtz:page", (event) => {
    if (event.detail === "overview" && !known.asking) known.askedAt = null; // looked at anew
    refresh();
  });
  clock.everySecond(refresh);
})();
