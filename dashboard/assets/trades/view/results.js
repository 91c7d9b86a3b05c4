/* What the trades of the filter add up to: results by symbol, strategy, days to expiry and weekday, and premium income. */
(function () {
  const PAGE = "trades";
  const FOLDED_MS = 3000; // the book follows a fill within two seconds
  const { filters, lists } = window.mtz.journal;
  const { format, ui } = window.mtz;
  const { state } = window.mtz.state;
  const make = (...parts) => window.mtz.control.parts.element(...parts);
  const place = (id) => document.getElementById(id);
  const UNITS = { contract: "option contracts", chain: "roll chains", cycle: "wheel cycles" };
  const PARTS = [["by_symbol", "Symbol"], ["by_strategy", "Strategy"], ["by_dte", "Days to expiry"], ["by_weekday", "Weekday"]];
  const MONTHS = new Intl.DateTimeFormat("en-US", { month: "short", year: "numeric", timeZone: "UTC" });
  let part = "by_symbol";
  let asked = 0;
  let found = null;

  const toned = (value, words) => {
    const cell = make("td", { className: `num ${format.direction(value)}`, textContent: words === undefined ? format.signed(value) : words });
    return cell;
  };
  const plain = (words) => make("td", { className: "num", textContent: words });
  const rate = (value) => format.percent(value === null ? null : value * 100, 1);
  const factor = (value) => format.number(value, 2);

  function fact(name, words, value, tip, rows = null) {
    const figure = make("dd", { className: value === null || value === undefined ? "figure" : `figure ${format.direction(value)}` },
      [rows ? window.mtz.rows.button(words, rows) : words]);
    return make("div", { className: "result", title: tip }, [make("dt", { textContent: name }), figure]);
  }

  /* A cell whose figure opens the rows that it is made of. */
  function opening(cell, rows) {
    cell.replaceChildren(window.mtz.rows.button(cell.textContent, rows));
    return cell;
  }

  /* What REST is asked for the rows of one line of the results. */
  const resultRows = (one, by) => ({
    kind: "results", path: "trades/statistics/rows", title: `Results${by === "all" ? "" : ` of ${one.name}`}: ${UNITS[found.unit]} that are closed`,
    params: { ...filters.parameters(false), unit: found.unit, part: by, name: one.name, currency: one.currency },
  });

  /* The figures of all, one line a currency. */
  function total(one) {
    const rows = resultRows(one, "all");
    return make("dl", { className: "result-line" }, [
      fact("Win rate", rate(one.win_rate), null, `${one.wins} of ${one.count} ${UNITS[found.unit]} made money after fees`, rows),
      fact("Profit factor", factor(one.profit_factor), null, "What wins made ÷ what losses lost"),
      fact("Expectancy", format.signed(one.expectancy), one.expectancy, "The average result after fees"),
      fact("Average win", format.signed(one.average_win), one.average_win, "After fees"),
      fact("Average loss", format.signed(one.average_loss), one.average_loss, "After fees"),
      fact("Net", `${format.signed(one.net)} ${one.currency}`, one.net, "Of all that is closed, after fees", rows),
    ]);
  }

  function table() {
    const head = ["", "Closed", "Win rate", "Profit factor", "Expectancy", "Avg win", "Avg loss", "Net"];
    const currencies = new Set(found.total.map((one) => one.currency));
    const rows = found[part].map((one) => make("tr", {}, [
      make("th", { scope: "row", textContent: currencies.size > 1 ? `${one.name} (${one.currency})` : one.name }),
      plain(one.unknown ? `${one.count} (+${one.unknown} unknown)` : String(one.count)), opening(plain(rate(one.win_rate)), resultRows(one, part.slice(3))),
      plain(factor(one.profit_factor)), toned(one.expectancy), toned(one.average_win), toned(one.average_loss),
      opening(toned(one.net), resultRows(one, part.slice(3))),
    ]));
    const box = make("div", { className: "scrolls", tabIndex: 0 }, [make("table", { className: "plain" }, [
      make("thead", {}, [make("tr", {}, head.map((name, i) => make("th", { scope: "col", className: i ? "num" : "", textContent: name })))]),
      make("tbody", {}, rows),
    ])]);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `Results by ${PARTS.find(([key]) => key === part)[1].toLowerCase()}`);
    return box;
  }

  function choices() {
    const box = make("div", { className: "result-parts" }, PARTS.map(([key, name]) => {
      const button = make("button", { type: "button", className: "tool", textContent: `By ${name.toLowerCase()}` });
      button.dataset.part = key;
      button.setAttribute("aria-pressed", String(key === part));
      return button;
    }));
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Results by");
    return box;
  }

  function draw() {
    const nothing = !found.total.length;
    const without = found.left_out ? `, ${found.left_out} left out by notes` : "";
    ui.show("results-note", { children: found.as_of ? `${UNITS[found.unit]} that are closed${without}, folded ${format.time(found.as_of)}` : "" });
    place("results").replaceChildren(...(nothing
      ? [make("p", { className: "nothing quiet", textContent: `No ${UNITS[found.unit].slice(0, -1)} ${filters.active() ? "of this filter " : ""}is closed yet.` })]
      : [...found.total.map(total), choices(), table()]));
  }

  function drawPremium(view) {
    const currencies = new Set(view.items.map((one) => one.currency));
    const head = ["Month", "Gross", "Buy-backs", "Net", "Fees"];
    const rows = [...view.items].reverse().map((one) => make("tr", {}, [
      make("th", { scope: "row", textContent: MONTHS.format(new Date(one.day)) + (currencies.size > 1 ? ` (${one.currency})` : "") }),
      ...[toned(one.premium), toned(one.buy_backs), toned(one.net), plain(format.price(one.fees))].map((cell) => opening(cell, {
        kind: "premium", path: "trades/premium/rows", title: `Premium income of ${MONTHS.format(new Date(one.day))}`,
        params: { ...filters.parameters(false), view: view.view, step: view.step, day: one.day, currency: one.currency },
      })),
    ]));
    ui.show("premium-note", { children: currencies.size === 1 ? [...currencies][0] : "" });
    place("premium").replaceChildren(rows.length
      ? make("table", { className: "plain" }, [
        make("thead", {}, [make("tr", {}, head.map((name, i) => make("th", { scope: "col", className: i ? "num" : "", textContent: name })))]),
        make("tbody", {}, rows),
      ])
      : make("p", { className: "nothing quiet", textContent: "No short option was sold in these days." }));
  }

  async function refresh() {
    if (!lists.looking() || !state.account) return;
    asked += 1;
    const mine = asked;
    const wanted = filters.parameters(false);
    try {
      const [results, premium] = await Promise.all([
        window.mtz.book.asks.get("trades/statistics", { ...wanted, unit: place("results-unit").value }),
        window.mtz.book.asks.get("trades/premium", { ...wanted, view: place("premium-view").value }),
      ]);
      if (mine !== asked) return;
      found = results;
      draw();
      drawPremium(premium);
      ui.show("results-problem", { hidden: true });
    } catch (error) {
      if (mine === asked) ui.show("results-problem", { children: `These figures can't be read: ${error.message}`, hidden: false });
    }
  }

  let timer = null;
  function later() {
    clearTimeout(timer);
    timer = setTimeout(refresh, FOLDED_MS);
  }

  filters.onChange(refresh);
  document.addEventListener("change", (event) => { if (["results-unit", "premium-view"].includes(event.target.id)) refresh(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".result-parts [data-part]");
    if (!button) return;
    part = button.dataset.part;
    draw();
    place("results").querySelector(`[data-part="${part}"]`).focus();
  });
  document.addEventListener("mtz:page", ({ detail }) => { if (detail === PAGE) refresh(); });
  document.addEventListener("mtz:account", refresh);
  document.addEventListener("mtz:notes", refresh);
  document.addEventListener("mtz:trades", later);
})();
