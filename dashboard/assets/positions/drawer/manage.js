/* Managing an underlying: pause or resume its symbol in a strategy, and say whose an order was. Nothing here sends an order. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.manage = (function () {
  const NEWEST = 1000; // executions that are looked through for the underlying's orders
  const SHOWN = 12;
  const NOBODY = "";
  const { asks } = window.mtz.book;
  const { format, ui } = window.mtz;
  const { state } = window.mtz.state;
  const place = (name) => document.getElementById(`drawer-manage-${name}`);
  const control = () => window.mtz.control;
  const element = (...given) => control().parts.element(...given);
  let symbol = null;
  let orders = [];

  function show(wanted) {
    symbol = wanted;
    drawStrategies();
    loadOrders(wanted);
    window.mtz.book.notes.show(wanted);
  }

  /* Those that trade the symbol, or hold some of it. */
  function concerned() {
    const holding = new Set([...state.positions.values()].filter((row) => row.symbol === symbol).map((row) => row.strategy));
    return (state.strategies ? state.strategies.items : []).filter((item) => item.symbols.includes(symbol) || holding.has(item.name));
  }

  let drawn = null;

  function drawStrategies() {
    if (!place("strategies")) return;
    const items = concerned();
    const said = (name) => control().commands.said.get(name) || null;
    const text = JSON.stringify([symbol, items.map((item) => [item.name, item.desired, item.symbol_states, said(item.name)]), control().commands.refusal()]);
    if (text === drawn && place("strategies").children.length) return;
    drawn = text;
    place("strategies").replaceChildren(...(items.length ? items.map(line) : [element("p", { className: "quiet", textContent: `No strategy that is known trades ${symbol}.` })]));
  }

  function line(item) {
    const { commands, words } = control();
    const own = item.symbol_states.find((each) => each.symbol === symbol);
    const waits = own && own.command && words.counts(own.command) && !words.isSettled(own.command);
    const paused = Boolean(own && (waits ? own.command.action !== "resume" : own.desired !== "active"));
    const none = commands.refusal() || (paused ? null : commands.reasons(item)["pause-symbol"]);
    const button = element("button", { type: "button", className: "tool act", textContent: `${paused ? "Resume" : "Pause"} ${symbol}`, title: none || "" });
    button.dataset.do = paused ? "resume-symbol" : "pause-this-symbol";
    button.dataset.symbol = symbol;
    button.setAttribute("aria-disabled", String(Boolean(none)));
    const told = commands.said.get(item.name);
    const box = element("div", { className: "manage-line" }, [
      element("div", {}, [
        element("strong", { textContent: item.name }),
        element("span", { className: "quiet", textContent: ` ${own ? `${symbol} ${words.symbol(own)}` : words.DESIRED[item.desired][0].toLowerCase()}` }),
        ...(told ? [element("p", { className: told.tone === "bad" ? "down" : "quiet", textContent: told.words })] : []),
      ]),
      button,
    ]);
    box.dataset.strategy = item.name;
    return box;
  }

  /* The newest orders of the underlying, each with whose it is. */
  async function loadOrders(wanted) {
    say("");
    try {
      const found = await asks.get("trades/", { limit: NEWEST });
      if (symbol !== wanted || !place("orders")) return;
      const seen = new Map();
      for (const trade of found.items) {
        if (trade.symbol !== wanted || !trade.perm_id || trade.sec_type === "BAG" || trade.kind !== "trade") continue;
        const order = seen.get(trade.perm_id);
        if (order) order.fills.push(trade);
        else seen.set(trade.perm_id, { perm_id: trade.perm_id, strategy: trade.strategy, fills: [trade] });
      }
      orders = [...seen.values()].slice(0, SHOWN);
      drawOrders();
    } catch (error) {
      if (symbol === wanted && place("said")) say(`The orders can't be read: ${error.message}`, "bad");
    }
  }

  function drawOrders() {
    const names = (state.strategies ? state.strategies.items : []).map((item) => item.name);
    const none = control().commands.refusal();
    place("orders").replaceChildren(...(orders.length ? orders.map((order) => orderLine(order, names, none))
      : [element("p", { className: "quiet", textContent: `Among the newest ${format.number(NEWEST, 0)} executions none is an order of ${symbol}.` })]));
  }

  function orderLine(order, names, none) {
    const [trade] = order.fills;
    const words = `${format.time(trade.time)} · ${trade.side === "BOT" ? "Buy" : "Sell"} ${format.contract(trade)}${order.fills.length > 1 ? ` (${order.fills.length} fills)` : ""}`;
    const select = element("select", { className: "form-select form-select-sm", disabled: none !== null, title: none || "" }, [
      element("option", { value: NOBODY, textContent: "No strategy" }), ...names.map((name) => element("option", { value: name, textContent: name })),
    ]);
    select.setAttribute("aria-label", `Strategy of: ${words}`);
    select.value = order.strategy || NOBODY;
    select.onchange = () => assign(order, select);
    return element("div", { className: "manage-line" }, [element("span", { textContent: words }), select]);
  }

  async function assign(order, select) {
    const before = order.strategy || NOBODY;
    say("Sending…");
    try {
      const found = await control().asks.ask("assign", { account: state.account, perm_id: order.perm_id, strategy: select.value || null });
      order.strategy = found.strategy;
      const words = `The order belongs to ${found.strategy || "no strategy"} from now on: the agent carries it over to its fills and the book.`;
      say(words);
      ui.show("announce", { children: words });
    } catch (error) {
      select.value = before;
      say(error.message, "bad");
    }
  }

  function say(words, tone = "") {
    const box = place("said");
    if (!box) return; // the drawer was closed meanwhile
    box.textContent = words;
    box.dataset.tone = tone === "bad" ? "down" : "";
  }

  /* While it is looked at: what became of a command. */
  window.mtz.clock.everySecond(() => { if (symbol && place("strategies") && place("strategies").offsetParent) drawStrategies(); });

  return { show };
})();
