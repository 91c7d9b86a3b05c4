/* What expires when, and what an assignment would take: two tables from one answer, while the page is looked at. */
(function () {
  const { element, text, num, named, nothing, table, keep } = window.mtz.book.tables;
  const { format, ui } = window.mtz;
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "2-digit", timeZone: "UTC" });
  const week = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const place = (id) => document.getElementById(id);
  const dateOf = (words, text) => words.format(new Date(`${text}T00:00:00Z`)).replace(",", "");
  const whole = (value) => format.number(value, 0);

  const total = (items, field) => (items.some((item) => item[field] === null) ? null : items.reduce((sum, item) => sum + item[field], 0));

  /* A line a week and currency with its sums, its expiries beneath. */
  function calendar(view) {
    if (!view.items.length) return nothing("No option is held: nothing expires.");
    const weeks = new Map();
    for (const item of view.items) {
      const key = `${item.week} ${item.currency}`;
      weeks.set(key, [...(weeks.get(key) || []), item]);
    }
    const lines = [...weeks.values()].flatMap((items) => [
      element("tr", { className: "week" }, [
        named(`Week of ${dateOf(week, items[0].week)}${items[0].currency === view.currency ? "" : ` · ${items[0].currency}`}`), num(""),
        num(format.quantity(total(items, "contracts"))), num(whole(total(items, "notional"))), num(whole(total(items, "premium_at_risk"))),
      ]),
      ...items.map((item) => element("tr", {}, [
        text(dateOf(day, item.expiry)), num(String(item.dte)), num(format.quantity(item.contracts)), num(whole(item.notional)), num(whole(item.premium_at_risk)),
      ])),
    ]);
    return table(["Expiry", "DTE", "Contracts", "Notional", "Premium at risk"], lines);
  }

  /* 300 INTC; with what is missing of it. */
  function shares(need) {
    if (!need.shares.length) return "none";
    return need.shares.map((each) => {
      const lacks = (each.contracts - each.covered) * (each.needed / each.contracts);
      return `${format.quantity(each.needed)} ${each.symbol}${lacks > 0 ? ` (${format.quantity(lacks)} not there ▲)` : ""}`;
    }).join(", ");
  }

  function cash(amount, item, view) {
    const lacks = item.currency === view.currency && view.cash !== null && amount > view.cash;
    return num(`${whole(amount)}${lacks ? " ▲" : ""}`, lacks ? "down" : "");
  }

  function ladder(view) {
    const short = view.items.filter((item) => item.notional || item.uncertain);
    if (!short.length) return nothing("No short option is held: nothing can be assigned.");
    const lines = short.map((item) => element("tr", {}, [
      named(`${dateOf(day, item.expiry)}${item.currency === view.currency ? "" : ` · ${item.currency}`}`),
      cash(item.all_assigned.cash, item, view), text(shares(item.all_assigned)),
      cash(item.in_the_money.cash, item, view), text(shares(item.in_the_money)),
      text(item.uncertain ? `${format.quantity(item.uncertain)} left out: no price, or a non-standard deliverable` : ""),
    ]));
    return table(["Expiry", "Cash, all", "Shares, all", "Cash, in the money", "Shares, in the money", ""], lines);
  }

  /* The broker's own, which no sum of strikes is: under portfolio margin only these say what an expiry leaves. */
  const BROKER = [
    ["post_expiration_margin", "Margin after the next expiration"], ["post_expiration_excess", "Excess after it"],
    ["look_ahead_initial_margin", "Initial margin at its next change"], ["look_ahead_maintenance_margin", "Maintenance margin then"],
    ["look_ahead_available_funds", "Available funds then"], ["look_ahead_excess_liquidity", "Excess liquidity then"],
  ];

  function broker(told) {
    const facts = BROKER.map(([name, title]) => element("div", {}, [
      text(title, "dt"), text(format.number(told[name], 0), "dd", { className: `num ${told[name] < 0 ? "down" : ""}` }),
    ]));
    const times = [["Next change", told.look_ahead_next_change], ["As of", told.as_of]].filter(([, at]) => at);
    return [...facts, ...times.map(([title, at]) => element("div", {}, [text(title, "dt"), text(format.time(at), "dd", { className: "num" })]))];
  }

  let drawn = null;

  function draw(view) {
    const words = JSON.stringify({ ...view, as_of: null, broker: { ...view.broker, as_of: null } });
    if (words !== drawn) {
      drawn = words;
      place("expiries").replaceChildren(calendar(view));
      place("ladder").replaceChildren(ladder(view));
    }
    place("ladder-broker").replaceChildren(...broker(view.broker));
    const asOf = view.as_of ? `as of ${format.time(view.as_of)}` : "";
    ui.show("expiries-note", { children: [view.currency, asOf].filter(Boolean).join(" · ") });
    ui.show("ladder-note", { children: [`cash ${whole(view.cash)}`, `free after all short puts ${format.number(view.free_cash, 0)}`, asOf].filter(Boolean).join(" · ") });
  }

  keep("calendar/expiries", "expiries-problem", draw);
})();
