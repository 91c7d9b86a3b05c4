/* The dialog that asks first: what will happen and what will not. It stays open until the command is given, or says why not. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.dialog = (function () {
  const { asks, commands, parts, words } = window.mtz.control;
  const { element } = parts;
  const of = (part) => document.getElementById(part ? `command-dialog-${part}` : "command-dialog");
  const HAND = "Orders made by hand and those of other programs are left alone.";
  const STAY = "Positions are never closed: they stay as they are.";
  let asked = null; // the request that the dialog is about

  const lines = (part, sentences) => of(part).replaceChildren(...sentences.map((sentence) => element("li", { textContent: sentence })));

  const count = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

  const TEXTS = {
    stop: (name) => ({
      title: `Stop ${name}?`,
      confirm: "Stop it",
      effect: [
        "It sends no new orders: every start of the bot reads this first.",
        "Its working orders are cancelled at the broker. What can't be cancelled is named here, with what to do in TWS.",
      ],
      kept: [STAY, HAND],
      danger: true,
      shorts: true,
    }),
    resume: (name) => ({
      title: `Resume ${name}?`,
      confirm: "Resume it",
      effect: [`It trades again${next(name)}: it may write, buy, roll and close as its configuration says.`],
      kept: ["Orders that were cancelled don't come back by themselves.", ...pausedSymbols(name)],
    }),
    "resume-symbol": (name, symbol) => ({
      title: `Resume ${symbol} in ${name}?`,
      confirm: `Resume ${symbol}`,
      effect: [`${name} trades ${symbol} again${next(name)}.`],
      kept: ["Its other symbols and the state of the whole strategy stay as they are."],
    }),
    "pause-symbol": (name) => ({
      title: `Pause one symbol of ${name}`,
      confirm: "Pause the symbol",
      effect: ["No new orders in this symbol from the bot's next start on."],
      kept: ["Its other symbols go on as before.", "Working orders are not cancelled.", STAY],
      symbols: commands.item(name) ? commands.item(name).symbols : [],
    }),
    kill: () => {
      const listed = window.mtz.state.state.strategies ? window.mtz.state.state.strategies.items.filter((item) => item.is_listed) : [];
      return {
        title: "Stop every strategy?",
        confirm: "Stop every strategy",
        effect: [
          listed.length ? `All ${count(listed.length, "strateg").replace(/strategs$/, "strategies").replace(/strateg$/, "strategy")} stop: they send no new orders, and a bot that starts reads this first.` : "Every strategy that is or becomes known stops: it sends no new orders.",
          "Their working orders are cancelled at the broker. What can't be cancelled is named here, with what to do in TWS.",
        ],
        kept: [STAY, HAND, "Without this page, `mtz kill` on the machine does the same, even with the database down."],
        danger: true,
        shorts: true,
      };
    },
    release: () => ({
      title: "Release the kill switch?",
      confirm: "Release it",
      effect: ["Strategies can be resumed again, one by one."],
      kept: ["No strategy is resumed by this: each stays stopped until it is resumed by itself."],
    }),
  };

  function next(name) {
    const strategy = commands.item(name);
    return strategy && strategy.next_run ? ` with its next run, expected ${window.mtz.format.time(strategy.next_run)}` : " with its next run";
  }

  function pausedSymbols(name) {
    const strategy = commands.item(name);
    const paused = strategy ? strategy.symbol_states.filter((each) => each.desired !== "active").map((each) => each.symbol) : [];
    return paused.length ? [`Paused by ${paused.length === 1 ? "itself" : "themselves"}, and so it stays: ${paused.join(", ")}.`] : [];
  }

  /* `kind` is a key of TEXTS; `request` what is given when the reader says yes. */
  function open(kind, request) {
    if (of().open) return;
    const text = TEXTS[kind](request.strategy, request.symbol);
    asked = { ...request, text };
    parts.write(of("title"), text.title);
    lines("effect", text.effect);
    lines("kept", text.kept);
    parts.write(of("confirm"), text.confirm);
    of("confirm").classList.toggle("danger", Boolean(text.danger));
    problem(null);
    busy(false);
    for (const field of ["reason", "symbol"]) window.dash_clientside.set_props(`command-dialog-${field}`, { value: "" });
    of("symbol-box").hidden = !text.symbols;
    of("symbols").replaceChildren(...(text.symbols || []).map((symbol) => element("option", { value: symbol })));
    of("shorts").hidden = true;
    of().showModal();
    (text.symbols ? of("symbol") : of("cancel")).focus();
    if (text.shorts) tellShorts(asked);
  }

  /* The open short options that stay, and can still be assigned. */
  async function tellShorts(about) {
    const box = of("shorts");
    box.hidden = false;
    box.replaceChildren(element("p", { className: "quiet", textContent: "Looking up the open short options…" }));
    let found = null;
    try {
      found = await asks.ask("shorts", { strategy: about.strategy });
    } catch (error) {
      if (about === asked) box.replaceChildren(element("p", { textContent: `Which open short options there are can't be said now: ${error.message} This can be done all the same.` }));
      return;
    }
    if (about !== asked) return;
    const { shorts } = found;
    if (!shorts.length) {
      box.replaceChildren(element("p", { textContent: about.strategy === words.EVERY ? "No short option is open." : "No short option of this strategy is open." }));
      return;
    }
    const rows = shorts.map((short) => element("tr", {}, [
      element("td", { textContent: window.mtz.format.contract(short) }),
      element("td", { className: "num", textContent: window.mtz.format.quantity(short.quantity) }),
    ]));
    box.replaceChildren(
      element("p", { textContent: `${count(shorts.length, "short option")} stay${shorts.length === 1 ? "s" : ""} open and can still be assigned:` }),
      element("table", { className: "plain" }, [element("tbody", {}, rows)]),
    );
  }

  function problem(sentence) {
    parts.write(of("problem"), sentence || "");
    of("problem").hidden = !sentence;
  }

  function busy(is) {
    of("confirm").setAttribute("aria-disabled", String(is));
    of("confirm").classList.toggle("busy", is);
  }

  async function confirm() {
    if (!asked || of("confirm").getAttribute("aria-disabled") === "true") return;
    const about = asked;
    const { text, kind, ...request } = about;
    if (text.symbols) {
      request.symbol = of("symbol").value.trim().toUpperCase();
      if (!request.symbol) return problem("Say which symbol.");
    }
    const reason = of("reason").value.trim();
    busy(true);
    problem(null);
    try {
      await commands.give({ ...request, reason: reason || null });
      if (asked === about) of().close();
    } catch (error) {
      if (asked !== about) return;
      const kept = request.strategy === words.EVERY && request.action === "stop" ? " `mtz kill` on the machine works without this page." : "";
      problem(error.message + kept);
    } finally {
      if (asked === about || asked === null) busy(false);
    }
  }

  document.addEventListener("click", (event) => {
    const { id } = (event.target.closest && event.target.closest("button")) || {};
    if (id === "command-dialog-cancel") of().close();
    if (id === "command-dialog-confirm") confirm();
    if (id === "kill-button") throwSwitch();
    if (id === "kill-release") guarded(() => open("release", { strategy: words.EVERY, action: "resume" }));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches && event.target.matches("#command-dialog input")) {
      event.preventDefault();
      confirm();
    }
  });

  // Escape closes the dialog, not the drawer beneath it, which listens on the document.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest && event.target.closest("dialog")) event.stopPropagation();
  }, true);

  document.addEventListener("close", (event) => { if (event.target === of()) asked = null; }, true);

  function guarded(act) {
    const reason = commands.refusal();
    if (reason) window.mtz.ui.show("announce", { children: reason });
    else act();
  }

  function throwSwitch() {
    guarded(() => open("kill", { strategy: words.EVERY, action: "stop" }));
  }

  return { open, guarded };
})();
