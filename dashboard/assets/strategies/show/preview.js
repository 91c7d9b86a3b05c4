/* A bot's dry run in a dialog: asked for, followed until it ends, shown. It may be closed meanwhile; it goes on. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.preview = (function () {
  const LOOK_MS = 1000;
  const UNCLAIMED_S = 20;
  const { asks, parts, commands } = window.mtz.control;
  const { element } = parts;
  const { format } = window.mtz;
  const of = (part) => document.getElementById(part ? `preview-dialog-${part}` : "preview-dialog");
  let about = null; // { bot, strategy, id }

  function open(strategy) {
    if (of().open) return;
    const item = commands.item(strategy);
    parts.write(of("title"), `What ${item.bot} would do now`);
    of().showModal();
    of("close").focus();
    start(item.bot, strategy);
  }

  async function start(bot, strategy) {
    const mine = { bot, strategy, id: null, since: Date.now() };
    about = mine;
    clear();
    tell("Asking for the dry run…");
    try {
      let view = await asks.ask("preview", { bot });
      while (about === mine && of().open && ["requested", "running"].includes(view.state)) {
        progress(view, mine);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        if (about !== mine || !of().open) return;
        view = await asks.ask("previewed", { id: view.id });
      }
      if (about === mine) show(view);
    } catch (error) {
      if (about !== mine) return;
      tell("");
      problem(error.message);
      of("again").setAttribute("aria-disabled", "false");
    }
  }

  function clear() {
    problem(null);
    of("orders").hidden = true;
    of("orders").replaceChildren();
    of("output-box").hidden = true;
    of("again").setAttribute("aria-disabled", "true");
  }

  function tell(sentence) {
    parts.write(of("state"), sentence);
  }

  function problem(sentence) {
    parts.write(of("problem"), sentence || "");
    of("problem").hidden = !sentence;
  }

  function progress(view, mine) {
    const { agent } = window.mtz.state.state.strategies;
    if (view.state === "running") {
      tell(`The bot runs since ${format.span(window.mtz.clock.age(view.started_at))}. This can be closed; it goes on.`);
    } else if (agent.state === "away") {
      tell("Requested; the agent is not running: nothing runs until it is back.");
    } else {
      const late = (Date.now() - mine.since) / 1000 > UNCLAIMED_S;
      tell(late ? "Requested; nobody has begun with it yet." : "Requested.");
    }
  }

  function show(view) {
    of("again").setAttribute("aria-disabled", "false");
    parts.write(of("output"), view.words || "");
    of("output-box").hidden = !view.words;
    if (view.state === "failed") {
      tell("");
      problem(view.problem);
      return;
    }
    const count = view.orders.length;
    tell(`${count ? `It would send ${count} order${count === 1 ? "" : "s"}` : "It would send no order"}, as of ${format.time(view.ended_at)} (${format.zone}). The market and the bot may decide otherwise later.`);
    of("orders").hidden = !count;
    if (count) of("orders").replaceChildren(table(view.orders));
  }

  function table(orders) {
    const head = ["Order", "Cash at the limit", "If assigned"].map((words, i) => element("th", { scope: "col", textContent: words, className: i ? "num" : "" }));
    const money = (value) => {
      const cell = element("td", { className: "num", textContent: format.signed(value) });
      cell.dataset.tone = format.direction(value);
      return cell;
    };
    const rows = orders.map((order) => element("tr", {}, [
      element("td", {}, [element("strong", { textContent: order.what }), ...(order.note ? [element("span", { className: "quiet block", textContent: order.note })] : []), pauseButton(order.symbol)]),
      money(order.cash), money(order.assignment),
    ]));
    const sum = orders.every((order) => typeof order.cash === "number") ? orders.reduce((total, order) => total + order.cash, 0) : null;
    const total = element("tr", {}, [element("th", { scope: "row", textContent: "All of them" }), money(sum), element("td")]);
    return element("table", { className: "plain" }, [
      element("caption", { textContent: "Before fees. If assigned: what buying or delivering the shares costs or brings." }),
      element("thead", {}, [element("tr", {}, head)]), element("tbody", {}, rows), element("tfoot", {}, [total]),
    ]);
  }

  function pauseButton(symbol) {
    const button = element("button", { type: "button", className: "tool order-pause", textContent: "Pause this symbol" });
    button.setAttribute("aria-label", `Pause ${symbol}`);
    const reason = commands.refusal();
    button.setAttribute("aria-disabled", String(reason !== null));
    button.title = reason || "";
    button.addEventListener("click", () => pause(symbol, button));
    return button;
  }

  /* The strategy of the bot that trades the symbol: the one that was asked about, if it does. */
  async function pause(symbol, button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    const items = window.mtz.state.state.strategies.items.filter((item) => item.bot === about.bot && item.is_listed);
    const trades = (item) => !item.symbols.length || item.symbols.includes(symbol);
    const strategy = items.find((item) => item.name === about.strategy && trades(item)) || items.find(trades);
    if (!strategy) return problem(`No strategy of ${about.bot} is known to trade ${symbol}: pause the whole strategy instead.`);
    button.setAttribute("aria-disabled", "true");
    try {
      const answer = await commands.give({ strategy: strategy.name, action: "pause", symbol, reason: "seen in the preview" });
      button.textContent = `Pause ${answer.command.state}`;
      commands.watch(answer.command.id, (command) => { button.textContent = command.state === "enforced" ? "Paused" : `Pause ${command.state.replace("_", " ")}`; });
    } catch (error) {
      problem(error.message);
      button.setAttribute("aria-disabled", "false");
    }
  }

  document.addEventListener("click", (event) => {
    const { id } = (event.target.closest && event.target.closest("button")) || {};
    if (id === "preview-dialog-close") of().close();
    if (id === "preview-dialog-again" && about && of("again").getAttribute("aria-disabled") !== "true") start(about.bot, about.strategy);
  });

  return { open };
})();
