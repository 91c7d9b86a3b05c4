/* The payoff of an underlying: what its positions come to at the nearest expiry, today and on a day that the reader chooses. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.payoff = (function () {
  const AGAIN_MS = 15_000; // how often the figures are asked for anew while they are looked at
  const SETTLED_MS = 180; // the slider has come to rest
  const DAY_MS = 86_400_000;
  const { asks } = window.mtz.book;
  const { format } = window.mtz;
  const place = (name) => document.getElementById(`drawer-payoff-${name}`);
  const element = (...given) => window.mtz.control.parts.element(...given);
  const text = (words, name = "td", className = "") => element(name, { textContent: words, className });
  const at = (iso) => Date.parse(`${iso}T00:00:00Z`);
  const iso = (time) => new Date(time).toISOString().slice(0, 10);
  const written = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const day = (value) => written.format(new Date(at(value)));
  let asked = null; // { symbol, currency }
  let chosen = null; // the day between today and the expiry; null: the middle
  let view = null;
  let turn = 0;
  let loadedAt = 0;
  let rest = null;

  function show(symbol, currency) {
    const other = !asked || asked.symbol !== symbol || asked.currency !== currency;
    if (other) {
      [asked, chosen, view] = [{ symbol, currency }, null, null];
      place("body").hidden = true;
      say("Computing…");
    }
    load();
  }

  async function load() {
    turn += 1;
    const mine = turn;
    loadedAt = Date.now();
    try {
      const found = await asks.get(`underlyings/${encodeURIComponent(asked.symbol)}/payoff`, { currency: asked.currency, ...(chosen ? { dates: chosen } : {}) });
      if (mine !== turn || !place("body")) return;
      if (!chosen && found.expiry && middle(found)) {
        chosen = middle(found);
        load();
        return;
      }
      view = found;
      draw();
    } catch (error) {
      if (mine === turn && place("body")) fail(error);
    }
  }

  /* Half way to the expiry, where a day lies between. */
  function middle(found) {
    const [first, last] = [at(found.day), at(found.expiry)];
    return last - first < 2 * DAY_MS ? null : iso(first + Math.floor((last - first) / 2 / DAY_MS) * DAY_MS);
  }

  /* What was drawn stays, with its age, while the server can't say anything newer. */
  function fail(error) {
    if (error.status === 422 && chosen) chosen = null; // the day is over
    if (error.status === 404) place("body").hidden = true;
    say(error.message, error.status !== 404);
  }

  function say(words, bad = false) {
    place("said").textContent = words;
    place("said").classList.toggle("panel-problem", bad);
    place("said").classList.toggle("quiet", !bad);
    place("said").hidden = !words;
  }

  const bound = (found, unlimited) => (found.is_unlimited ? unlimited : format.signed(found.value));
  const fact = (name, words, tone = "", title = "") => element("div", { title }, [text(name, "dt"), text(words, "dd", `num ${tone}`)]);

  /* Expiry last drawn, above the others; what they are called. */
  function lines() {
    const names = { expiry: () => `At expiry, ${day(view.expiry)}`, today: () => "Today, at the marks", before: (curve) => day(curve.day) };
    const looks = { expiry: "accent", today: "second", before: "warn" };
    return view.curves.map((curve) => ({ ...curve, name: names[curve.kind](curve), look: looks[curve.kind] }));
  }

  function draw() {
    say("");
    place("body").hidden = false;
    const { currency, underlying } = view;
    place("title").textContent = `${view.symbol} at ${format.price(underlying.price)} ${underlying.source === "shares" ? "by the shares' mark" : "by the options' Greeks"}, ${format.time(underlying.as_of)} · oldest figure ${format.time(view.as_of)} · ${view.freshness}`;
    place("facts").replaceChildren(
      fact(`P&L at the marks (${currency})`, format.signed(view.pnl), format.direction(view.pnl), "Against what was paid, by the broker's average cost"),
      fact("Most profit", view.extremes_are ? bound(view.max_profit, "unlimited") : format.UNKNOWN, "", estimate()),
      fact("Most loss", view.extremes_are ? bound(view.max_loss, "unlimited ▼") : format.UNKNOWN, view.max_loss.is_unlimited ? "down" : "", estimate()),
      fact(view.break_evens.length > 1 ? "Break-evens" : "Break-even", view.break_evens.map((price) => format.number(price)).join(" and ") || (view.extremes_are ? "none" : format.UNKNOWN), view.break_evens.length > 1 ? "plain-words" : "", estimate()),
      fact("Risk-free rate", format.percent(view.risk_free_pct), "", "MTZ_RISK_FREE_PCT, a year"),
      fact("Dividends taken out", view.dividends.items.map((one) => `${format.price(one.amount)} on ${day(one.ex_date)}`).join(", ") || (view.dividends.reason ? "not known" : "none"), "", view.dividends.reason || ""),
    );
    slider();
    place("notes").replaceChildren(...view.notes.map((note) => text(note, "li")));
    place("notes").hidden = view.notes.length === 0;
    legs();
    window.mtz.book.plot.draw(view, lines());
    if (!place("table").hidden) table();
  }

  const estimate = () => (view.extremes_are === "model" ? "At the nearest expiry, by the model: other positions live on" : "At the nearest expiry, exact");

  function slider() {
    const between = view.expiry && middle(view);
    place("when").hidden = !between;
    if (!between) return;
    if (!place("day")) {
      place("when").replaceChildren(
        element("label", { htmlFor: "drawer-payoff-day", textContent: "Also on" }),
        element("input", { id: "drawer-payoff-day", type: "range" }), element("span", { id: "drawer-payoff-day-words", className: "num" }),
      );
    }
    const input = place("day");
    input.min = 1;
    input.max = (at(view.expiry) - at(view.day)) / DAY_MS - 1;
    if (!rest) input.value = (at(chosen) - at(view.day)) / DAY_MS;
    word(input);
  }

  function word(input) {
    const words = `${day(iso(at(view.day) + input.value * DAY_MS))}, in ${input.value} ${input.value === "1" ? "day" : "days"}`;
    place("day-words").textContent = words;
    input.setAttribute("aria-valuetext", words);
  }

  function legs() {
    const rows = view.legs.map((leg) => element("tr", {}, [
      text(format.contract({ ...leg, symbol: view.symbol }), "th"), text(format.quantity(leg.quantity), "td", "num"),
      text(format.price(leg.average_price), "td", "num"), text(format.price(leg.mark), "td", "num"), text(format.time(leg.as_of), "td"),
      text(leg.expiry ? (leg.volatility === null ? `${format.UNKNOWN} ${leg.reason}` : format.fraction(leg.volatility)) : "", "td", leg.volatility === null ? "" : "num"),
    ]));
    const heads = [["Contract"], ["Qty", "num"], ["Paid", "num"], ["Mark", "num"], ["As of"], ["Implied volatility", "num"]];
    place("legs").replaceChildren(element("table", { className: "plain" }, [
      element("caption", { textContent: "What is in the figures; the volatility is the model's own and gives the mark back." }),
      element("thead", {}, [element("tr", {}, heads.map(([name, tone]) => text(name, "th", tone || "")))]), element("tbody", {}, rows),
    ]));
  }

  function table() {
    const shown = lines();
    const rows = view.spots.map((price, i) => [price, i]).filter(([price]) => price >= view.shown[0] && price <= view.shown[1]);
    place("points").replaceChildren(element("table", { className: "plain" }, [
      element("caption", { textContent: `Profit or loss in ${view.currency} by the price of ${view.symbol}` }),
      element("thead", {}, [element("tr", {}, [text("Price", "th", "num"), ...shown.map((line) => text(line.name, "th", "num"))])]),
      element("tbody", {}, rows.map(([price, i]) => element("tr", {}, [
        text(format.price(price), "th", "num"), ...shown.map((line) => text(format.signed(line.profits[i]), "td", `num ${format.direction(line.profits[i])}`)),
      ]))),
    ]));
  }

  /* The curves as a file: numbers as they came, what isn't known empty. */
  function save() {
    const lines = [["price", ...view.curves.map((curve) => `${curve.kind} ${curve.day}`)], ...view.spots.map((price, i) => [price, ...view.curves.map((curve) => curve.profits[i] ?? "")])];
    window.mtz.charts.table.save(`payoff-${view.symbol}-${view.day}`, lines.map((line) => `${line.join(",")}\r\n`).join(""));
  }

  /* The positions changed: figures that are looked at follow, now and then. */
  function refresh() {
    if (asked && !document.hidden && place("body") && place("body").offsetParent && Date.now() - loadedAt > AGAIN_MS) load();
  }

  document.addEventListener("click", (event) => {
    if (event.target.id === "drawer-payoff-csv" && view) save();
    if (event.target.id !== "drawer-payoff-table-button" || !view) return;
    place("table").hidden = !place("table").hidden;
    event.target.setAttribute("aria-pressed", String(!place("table").hidden));
    if (!place("table").hidden) table();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id !== "drawer-payoff-day" || !view) return;
    word(event.target);
    chosen = iso(at(view.day) + event.target.value * DAY_MS);
    clearTimeout(rest);
    rest = setTimeout(() => { rest = null; load(); }, SETTLED_MS);
  });

  return { show, refresh };
})();
