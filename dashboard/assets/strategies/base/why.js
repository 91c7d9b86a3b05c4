/* Where a figure of a strategy comes from: one popover for all of them, beside the button that asked. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.why = (function () {
  const { parts } = window.mtz.control;
  const { format } = window.mtz;
  const OWN = "The strategy's own executions and positions, in the account's base currency.";
  const RULES = {
    pnl_day: [OWN, "What its executions of this trading day and the change in value of what it holds made, fees taken out."],
    pnl_total: [OWN, "Realised and unrealised since its first execution, fees taken out."],
    capital: [OWN, "What can be lost or is bound: cash that secures its short puts, the value of its shares, the largest loss of its spreads."],
    exposure: [OWN, "Signed market value of the shares and options that it holds now."],
    win_rate: [OWN, "Closed contracts that made money, of all that were closed; a roll closes one and opens another."],
    allocation: ["The bot's configuration.", "The share of the account that the bot may use for it."],
  };

  function box() {
    return document.getElementById("why-popover");
  }

  function facts(rows) {
    return parts.element("dl", { className: "facts" }, rows.flatMap(([name, words]) => [
      parts.element("dt", { textContent: name }), parts.element("dd", { textContent: words }),
    ]));
  }

  function open(button) {
    const card = button.closest("[data-strategy]");
    const strategy = card && window.mtz.control.commands.item(card.dataset.strategy);
    const [source, rule] = RULES[button.dataset.why];
    const figures = strategy && strategy.figures;
    const rows = [["Source", source], ["Rule", rule]];
    if (figures && figures.as_of) rows.push(["As of", `${format.time(figures.as_of)} (${format.zone})`]);
    if (figures && button.dataset.why === "pnl_total" && figures.pnl_since) rows.push(["Since", format.time(figures.pnl_since)]);
    if (figures && button.dataset.why === "win_rate") rows.push(["Trades", String(figures.trades)]);
    if (figures && figures.left_out && button.dataset.why === "win_rate") rows.push(["Left out", `${figures.left_out} closed, by notes; money counts them`]);
    if (!figures && button.dataset.why !== "allocation") rows.push(["Unknown because", "No execution of this strategy is known yet."]);
    const bridge = parts.element("a", { href: "/reports#bridge-title", textContent: "Why is this not TWS's number?" });
    box().replaceChildren(facts(rows), ...(button.dataset.why.startsWith("pnl_") ? [bridge] : []));
    const place = button.getBoundingClientRect();
    box().popover = "auto"; // closed by Esc and by a click beside it
    box().showPopover();
    const size = box().getBoundingClientRect();
    const left = Math.min(Math.max(8, place.left + place.width / 2 - size.width / 2), document.documentElement.clientWidth - size.width - 8);
    const below = place.bottom + size.height + 8 < window.innerHeight;
    Object.assign(box().style, { left: `${left}px`, top: `${below ? place.bottom + 6 : Math.max(8, place.top - size.height - 6)}px` });
  }

  let opened = null;
  let closedAt = 0;

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-why]");
    if (!button) return;
    // The press of its own button has closed it already: that click opens nothing.
    if (opened !== button || Date.now() - closedAt > 300) open(button);
    opened = button;
  });

  document.addEventListener("toggle", (event) => {
    if (event.target === box() && event.newState === "closed") closedAt = Date.now();
  }, true);

  window.addEventListener("scroll", () => { if (box() && box().matches(":popover-open")) box().hidePopover(); }, { passive: true });

  return { facts };
})();
