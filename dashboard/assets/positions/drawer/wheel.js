/* The wheel cycles of an underlying: the one that is shown with its money and its roll chain, the others to choose from. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.wheel = (function () {
  const MOST = 30;
  const STAGES = { put: "Put sold", shares: "Shares held", covered: "Calls sold on the shares", call: "Call sold", other: "Other", closed: "Closed" };
  const ENDS = { trade: "closed", expiry: "expired", assignment: "assigned", exercise: "exercised" };
  const { asks } = window.mtz.book;
  const { format } = window.mtz;
  const place = (name) => document.getElementById(`drawer-wheel-${name}`);
  const element = (...given) => window.mtz.control.parts.element(...given);
  const text = (words, name = "td", className = "") => element(name, { textContent: words, className });
  const day = (iso) => (iso ? new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" }).format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)) : format.UNKNOWN);
  let turn = 0;
  let cycles = [];

  async function show(symbol, cycle) {
    turn += 1;
    const mine = turn;
    place("problem").hidden = true;
    try {
      const found = await asks.get("wheel/cycles", { symbol, limit: MOST });
      if (mine !== turn) return;
      cycles = found.items;
      place("empty").hidden = cycles.length > 0;
      place("body").hidden = cycles.length === 0;
      if (cycles.length) await choose(cycles.find((each) => each.cycle === cycle) || cycles[0], mine);
    } catch (error) {
      if (mine === turn) fail(error);
    }
  }

  function fail(error) {
    place("problem").textContent = `The wheel can't be shown: ${error.message}`;
    place("problem").hidden = false;
  }

  async function choose(cycle, mine = (turn += 1)) {
    window.mtz.book.placing.say("");
    facts(cycle);
    list(cycle);
    place("chain").replaceChildren();
    against(cycle, mine);
    try {
      const found = await asks.get("trades/round-trips", { cycle: cycle.cycle, limit: 200 });
      if (mine === turn) chain(cycle, found.items);
    } catch (error) {
      if (mine === turn) fail(error);
    }
  }

  /* What is known of a capital, or why it isn't. */
  const told = (capital, currency, note) => capital.reason || `Of ${format.number(capital.average)} ${currency} on average${note}`;
  const onCapital = (capital) => (capital.reason ? format.UNKNOWN : `${onAll(capital)} · ${yearly(capital)}`);
  const fact = (name, words, tone = "", title = "") => element("div", { title }, [text(name, "dt"), text(words, "dd", `num ${tone}`)]);
  const yearly = (capital) => (capital.annualised === null ? format.UNKNOWN : `${format.percent(capital.annualised * 100, 1, true)} a year`);
  const onAll = (capital) => (capital.total_return === null ? format.UNKNOWN : format.percent(capital.total_return * 100, 2, true));

  function facts(cycle) {
    const { currency } = cycle;
    place("title").textContent = `${STAGES[cycle.stage]} · opened ${day(cycle.opened_on)}${cycle.closed_on ? `, closed ${day(cycle.closed_on)}` : ""} · ${cycle.strategy || window.mtz.book.cells.UNTRACKED}`;
    const rows = { kind: "cycle", path: `wheel/cycles/${encodeURIComponent(cycle.cycle)}/rows`, params: {}, title: `The wheel of ${cycle.symbol}, opened ${day(cycle.opened_on)}` };
    const opening = (box) => {
      const figure = box.lastElementChild;
      figure.replaceChildren(window.mtz.rows.button(figure.textContent, rows));
      return box;
    };
    place("money").replaceChildren(
      opening(fact(`Premium, net of buy-backs (${currency})`, format.signed(cycle.premium), format.direction(cycle.premium))),
      opening(fact("Fees", format.number(cycle.fees))), opening(fact("Dividends", format.number(cycle.dividends))),
      fact("P&L with what is open", format.signed(cycle.pnl), format.direction(cycle.pnl)), fact("Rolls", String(cycle.rolls)),
    );
    place("basis").replaceChildren(
      fact("Paid for the shares", format.price(cycle.paid), "", "Per share, at the assignment or the purchase"),
      fact("Broker's basis", format.price(cycle.broker_basis), "", "Less the premium of the put that brought them, by the broker's rule"),
      fact("Broker says now", `${format.price(cycle.broker_average)}${cycle.broker_has_premium === false ? " (premium not yet)" : ""}`, "", "It follows a day or two after an assignment"),
      fact("Wheel's break-even", format.price(cycle.break_even), "", "Less everything that came and went in the cycle"),
    );
    place("returns").replaceChildren(
      fact("On cash-secured capital", onCapital(cycle.secured), "", told(cycle.secured, currency, "")),
      fact("On Reg-T margin (estimate)", onCapital(cycle.reg_t), "", told(cycle.reg_t, currency, "; by its rules, not the broker's figure")),
    );
    const why = [...new Set([cycle.secured.reason, cycle.reg_t.reason].filter(Boolean))];
    place("why").textContent = why.join(" ");
    place("why").hidden = why.length === 0;
  }

  /* What the cycle bound, put into its stock and into the benchmark on the same days. */
  async function against(cycle, mine) {
    place("against").replaceChildren();
    place("against-why").textContent = "Comparing…";
    try {
      const found = await asks.get(`wheel/cycles/${encodeURIComponent(cycle.cycle)}/benchmarks`);
      if (mine !== turn) return;
      const name = (item) => `${item.symbol === found.symbol ? `Holding ${item.symbol}` : item.symbol}${item.until ? `, to ${day(item.until)}` : ""}`;
      const words = (item) => (item.at_least === null ? format.signed(item.pnl) : `${format.UNKNOWN} (at least ${format.signed(item.at_least)})`);
      place("against").replaceChildren(
        fact(`This cycle (${found.currency})`, format.signed(found.pnl), format.direction(found.pnl), "At the marks"),
        ...found.items.map((item) => fact(name(item), words(item), item.pnl === null ? "" : format.direction(item.pnl), item.reason || "Dividends put in again on their ex-dates")),
      );
      const reasons = [...new Set(found.items.map((item) => item.reason).filter(Boolean))];
      place("against-why").textContent = ["Its cash-secured capital, put in and taken out on the same days at the close.", ...reasons].join(" ");
    } catch (error) {
      if (mine === turn) place("against-why").textContent = `It can't be compared: ${error.message}`;
    }
  }

  function chain(cycle, trips) {
    const others = cycles.filter((each) => each.cycle !== cycle.cycle && each.currency === cycle.currency).map((each) => [each.cycle, `${STAGES[each.stage]}, opened ${day(each.opened_on)}`]);
    const again = (wanted) => show(cycle.symbol, wanted);
    const rows = [...trips].sort((a, b) => (a.opened < b.opened ? -1 : 1));
    const chains = [...new Set(rows.map((trip) => trip.chain).filter((name) => name && rows.some((trip) => trip.chain === name && trip.sec_type !== "STK")))];
    const lines = rows.map((trip) => element("tr", {}, [
      text(format.contract(trip), "th"), text(`${trip.side === "short" ? "−" : ""}${format.quantity(trip.peak)}`, "td", "num"),
      text(`${day(trip.opened_on)} at ${format.price(trip.open_price)}`),
      text(trip.closed_on ? `${day(trip.closed_on)}, ${ENDS[trip.ended_by] || trip.ended_by || "closed"}${trip.close_price === null ? "" : ` at ${format.price(trip.close_price)}`}` : "open"),
      text(chains.includes(trip.chain) ? String(chains.indexOf(trip.chain) + 1) : ""), text(format.signed(trip.net), "td", `num ${trip.closed_on ? format.direction(trip.net) : "quiet"}`),
      window.mtz.book.placing.cell(trip, cycle, others, again),
    ]));
    const heads = [["Contract"], ["Qty", "num"], ["Opened"], ["Ended"], ["Chain"], ["Net so far", "num"], ["Cycle"]].map(([name, tone]) => text(name, "th", tone || ""));
    place("chain").replaceChildren(element("table", { className: "plain" }, [
      element("caption", { textContent: "What the cycle is made of, oldest first; what rolls bind together has one chain's number." }),
      element("thead", {}, [element("tr", {}, heads)]), element("tbody", {}, lines),
    ]));
  }

  function list(shown) {
    const buttons = cycles.map((cycle) => {
      const button = element("button", { type: "button", className: "tool", textContent: `${day(cycle.opened_on)} · ${format.signed(cycle.pnl)}`, title: STAGES[cycle.stage], onclick: () => choose(cycle) });
      button.setAttribute("aria-pressed", String(cycle === shown));
      return button;
    });
    place("list").replaceChildren(...buttons);
    place("list").hidden = cycles.length < 2;
  }

  return { show };
})();
