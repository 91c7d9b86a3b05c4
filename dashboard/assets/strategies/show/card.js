/* What a strategy's card says, place by place. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.card = (function () {
  const { parts, words, commands } = window.mtz.control;
  const { fill, part, list, element } = parts;
  const { format } = window.mtz;
  const ARROWS = { up: "▲ ", down: "▼ ", flat: "" };

  function money(card, name, value, digits = 2) {
    const tone = format.direction(value, digits);
    const place = fill(card, name, ARROWS[tone] + format.signed(value, digits), tone);
    const before = Number(place.dataset.value);
    if (place.dataset.value !== undefined && format.known(value) && before !== value) window.mtz.ui.flash(place, value - before);
    if (format.known(value)) place.dataset.value = String(value);
  }

  function chip(card, strategy) {
    const [name, tone] = words.DESIRED[strategy.desired];
    fill(card, "state", name, tone);
  }

  function botState(card, strategy) {
    const [name, tone] = words.BOT[strategy.bot_state];
    fill(card, "bot_state", name, tone);
  }

  function spark(card, figures, name) {
    const values = figures ? figures.sparkline : [];
    const known = values.filter((value) => typeof value === "number");
    const sentence = known.length > 1
      ? `Total P&L at the close of ${values.length} trading days: from ${format.signed(known[0])} to ${format.signed(known[known.length - 1])}`
      : `No history of ${name} yet`;
    parts.sparkline(part(card, "sparkline"), values, sentence);
  }

  function pnl(card, strategy) {
    const { figures } = strategy;
    money(card, "pnl_day", figures ? figures.pnl_day : null);
    spark(card, figures, strategy.name);
  }

  const ago = (iso) => {
    const age = window.mtz.clock.age(iso);
    return age === null ? "" : `${format.age(age)} ago`;
  };

  function figures(card, strategy) {
    const own = strategy.figures;
    const currency = own && own.currency ? own.currency : "";
    pnl(card, strategy);
    money(card, "pnl_total", own ? own.pnl_total : null);
    fill(card, "pnl_day_note", own && own.as_of ? `${currency} · ${ago(own.as_of)}` : currency);
    fill(card, "pnl_total_note", own && own.pnl_since ? `since ${own.pnl_since.slice(0, 10)}` : "");
    fill(card, "capital", format.number(own ? own.capital_at_risk : null, 0));
    fill(card, "capital_note", own && own.capital_at_risk !== null ? currency : "");
    fill(card, "allocation", format.fraction(strategy.allocation));
    fill(card, "allocation_note", strategy.allocation === null ? "" : "of the account");
    fill(card, "exposure", format.number(own ? own.exposure : null, 0));
    fill(card, "exposure_note", own ? `${own.positions} position${own.positions === 1 ? "" : "s"}` : "");
    fill(card, "win_rate", format.percent(own ? own.win_rate : null, 1));
    const without = own && own.left_out ? `, ${own.left_out} left out` : "";
    fill(card, "win_rate_note", own ? `${own.trades} trade${own.trades === 1 ? "" : "s"}${without}` : "");
    runs(card, strategy);
  }

  function runs(card, strategy) {
    fill(card, "last_run", format.time(strategy.last_run));
    const outcome = strategy.last_run_outcome;
    const under = strategy.last_run && !outcome ? "under way" : words.OUTCOMES[outcome] || outcome || "";
    fill(card, "last_run_note", strategy.last_run ? [under, ago(strategy.last_run)].filter(Boolean).join(" · ") : "none known");
    fill(card, "next_run", format.time(strategy.next_run));
    const left = strategy.next_run ? (Date.parse(strategy.next_run) - window.mtz.clock.now()) / 1000 : null;
    const none = strategy.adapter === "wrapper" ? "no schedule is set" : "";
    fill(card, "next_run_note", left === null ? none : left > 0 ? `in ${format.span(left)}` : "due");
  }

  function command(card, strategy, view) {
    const { command: newest } = strategy;
    const box = part(card, "steps").parentElement;
    box.dataset.state = newest ? newest.state : "none";
    fill(card, "command", newest ? words.line(newest) : "No command was given yet.");
    parts.attribute(part(card, "command_age"), "datetime", newest ? newest.requested_at : "");
    fill(card, "command_age", newest ? ago(newest.requested_at) : "");
    parts.show(part(card, "steps"), newest !== null);
    if (newest) {
      words.steps(newest).forEach(([name, at, progress], i) => {
        fill(card, `step${i + 1}`, name);
        fill(card, `step${i + 1}_time`, at ? format.time(at) : "");
        const step = part(card, `step${i + 1}_box`);
        step.dataset.step = progress;
        if (progress === "now") step.setAttribute("aria-current", "step");
        else step.removeAttribute("aria-current");
      });
    }
    fill(card, "detail", newest ? words.sentence(newest, view.agent) : "");
    list(part(card, "remaining"), newest ? newest.remaining : [], (order) => element("li", {}, [
      element("strong", { textContent: order.what || order.symbol }),
      element("span", { textContent: ` ${order.advice}` }),
    ]));
    symbols(card, strategy);
  }

  function symbols(card, strategy) {
    const shown = strategy.symbol_states.filter((each) => each.desired !== "active" || (each.command && !words.isSettled(each.command)));
    const none = commands.refusal();
    list(part(card, "symbol_states"), shown.map((each) => [each.symbol, words.symbol(each), none]), ([symbol, sentence, reason]) => {
      const button = element("button", { type: "button", className: "tool", textContent: "Resume…", title: reason || "" });
      Object.assign(button.dataset, { do: "resume-symbol", symbol });
      button.setAttribute("aria-label", `Resume ${symbol}`);
      button.setAttribute("aria-disabled", String(Boolean(reason)));
      return element("li", {}, [element("strong", { textContent: symbol }), element("span", { textContent: ` ${sentence} ` }), button]);
    });
  }

  function buttons(card, strategy) {
    const reasons = commands.reasons(strategy);
    for (const button of card.querySelectorAll("button[data-do]")) {
      const reason = reasons[button.dataset.do];
      if (reason === undefined) continue;
      parts.attribute(button, "aria-disabled", String(reason !== null));
      if (button.title !== (reason || "")) button.title = reason || "";
    }
  }

  function said(card, strategy) {
    const told = commands.said.get(strategy.name);
    fill(card, "said", told ? told.words : "", told ? told.tone : "");
  }

  /* The whole card. */
  function update(card, strategy, view) {
    fill(card, "title", strategy.title || strategy.name);
    fill(card, "bot", strategy.title && strategy.title !== strategy.name ? strategy.name : "");
    const more = strategy.symbols.length > 6 ? ` +${strategy.symbols.length - 6}` : "";
    fill(card, "symbols", strategy.symbols.length ? strategy.symbols.slice(0, 6).join(" ") + more : "");
    part(card, "symbols").title = strategy.symbols.join(", ");
    chip(card, strategy);
    botState(card, strategy);
    fill(card, "bot_words", [strategy.is_listed ? "" : "The bot's configuration no longer has this strategy.", strategy.bot_words || ""].filter(Boolean).join(" "));
    figures(card, strategy);
    command(card, strategy, view);
    list(part(card, "decisions"), strategy.decisions.slice(0, 3), (sentence) => element("li", { textContent: sentence, title: sentence }));
    parts.show(part(card, "decisions").parentElement, strategy.decisions.length > 0);
    buttons(card, strategy);
    said(card, strategy);
  }

  /* The small one of the Overview. */
  function updateMini(card, strategy) {
    fill(card, "title", strategy.title || strategy.name);
    parts.attribute(part(card, "link"), "href", `/strategies#strategy=${encodeURIComponent(strategy.name)}`);
    parts.attribute(part(card, "link"), "title", strategy.name); // two bots may each have a wheel
    chip(card, strategy);
    botState(card, strategy);
    pnl(card, strategy);
    const { figures: own, command: newest } = strategy;
    fill(card, "pnl_day_note", own && own.as_of ? `${own.currency || ""} · ${ago(own.as_of)}` : "");
    const open = newest && (!words.isSettled(newest) || newest.state === "not_enforced" || newest.state === "failed");
    fill(card, "line", open ? `${words.deed(newest)} ${newest.state.replace("_", " ")}` : strategy.bot_words || "");
  }

  return { update, updateMini };
})();
