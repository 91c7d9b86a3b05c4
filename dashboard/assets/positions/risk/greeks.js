/* What the Greeks of all that is held come to in money, by underlying, with delta weighted by beta. */
(function () {
  const { element, text, num, named, nothing, table, keep } = window.mtz.book.tables;
  const { format, ui } = window.mtz;
  const FIGURES = ["delta", "gamma", "theta", "vega"];
  const place = (id) => document.getElementById(id);
  const tone = (value, digits) => { const way = format.direction(value, digits); return way === "flat" ? "" : way; };
  const money = (value, lacks) => num(format.signed(value, 0) + (lacks && value !== null ? " *" : ""), tone(value, 0));

  function line(item, view) {
    const beta = item.beta === null ? text("—", "td", { className: "num", title: item.beta_reason || "" }) : num(format.number(item.beta, 2));
    return element("tr", {}, [
      named(item.symbol + (item.currency === "USD" ? "" : ` · ${item.currency}`)),
      num(format.number(item.delta_shares, 1) + (item.legs_without && item.delta_shares !== null ? " *" : "")),
      ...FIGURES.map((name) => money(item[name], item.legs_without)), beta, weighted(item, item.legs_without),
    ]);
  }

  const weighted = (item, lacks) => num(format.signed(item.beta_weighted_delta, 1) + (lacks && item.beta_weighted_delta !== null ? " *" : ""), tone(item.beta_weighted_delta, 1));

  const total = (item) => element("tr", { className: "week" }, [
    named(`All in ${item.currency}`), num(""), ...FIGURES.map((name) => money(item[name], item.legs_without)), num(""),
    weighted(item, item.legs_without || item.without_beta.length),
  ]);

  /* Which legs and betas the sums lack, each with its reason. */
  function lacking(view) {
    const legs = view.without.map((each) => `${each.local_symbol} (${each.lacks.join(", ")}): ${each.reason}`);
    const betas = view.items.filter((item) => item.beta === null).map((item) => `Beta of ${item.symbol}: ${item.beta_reason}`);
    const lines = [...legs, ...betas];
    if (!lines.length) return [];
    return [element("details", { className: "lacking" }, [
      text(`${lines.length} not known, left out of the sums (*)`, "summary"), element("ul", {}, lines.map((words) => text(words, "li"))),
    ])];
  }

  let drawn = null;
  let isOpen = false;

  function draw(view) {
    const words = JSON.stringify({ ...view, as_of: null });
    if (words !== drawn) {
      drawn = words;
      const known = place("greeks").querySelector("details");
      isOpen = known ? known.open : isOpen;
      const { symbol } = view.benchmark;
      const heads = ["", "Delta, shares", "Delta", "Gamma, 1 %", "Theta, day", "Vega, point", "Beta", `Delta in ${symbol}`];
      place("greeks").replaceChildren(...(view.items.length
        ? [table(heads, [...view.items.map(line), ...view.totals.map(total)]), ...lacking(view)] : [nothing("Nothing is held.")]));
      const details = place("greeks").querySelector("details");
      if (details) details.open = isOpen;
    }
    const { symbol, price, as_of: at } = view.benchmark;
    const benchmark = price === null ? `no price of ${symbol}` : `${symbol} ${format.price(price)} of ${format.time(at)}`;
    ui.show("greeks-note", { children: [benchmark, view.as_of ? `as of ${format.time(view.as_of)}` : ""].filter(Boolean).join(" · ") });
    ui.show("greeks-window", { children: `Beta: ${view.benchmark.window}.` });
  }

  keep("portfolio/greeks", "greeks-problem", draw);
})();
