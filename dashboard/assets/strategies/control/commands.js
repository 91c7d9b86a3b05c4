/* Giving a command and following it: one click, one question; every result is said where it was asked for, in words. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.commands = (function () {
  const { asks, words } = window.mtz.control;
  const { state } = window.mtz.state;
  const said = new Map(); // strategy → { words, tone } of what was asked here last
  const followed = new Map(); // command id → what is called when its state changes
  let states = null; // command id → its state, as it was shown last

  const view = () => state.strategies;
  const item = (name) => (view() ? view().items.find((each) => each.name === name) : undefined);

  /* Why the reader may give no command at all; null: he may. */
  const refusal = () => window.mtz.state.state.config.refusal;

  /* The state that the newest command asks for as long as it isn't settled, else the one in force. */
  function wanted(strategy) {
    const { command, desired } = strategy;
    return command && words.counts(command) && !words.isSettled(command) ? words.desiredOf(command) : desired;
  }

  const killed = () => {
    const kill = view() && view().kill;
    const waits = kill && kill.command && kill.command.action === "stop" && !words.isSettled(kill.command);
    return Boolean(kill && (kill.is_killed || waits));
  };

  /* Why a button can't be pressed now, by button; null where it can. */
  function reasons(strategy) {
    const none = refusal();
    const now = wanted(strategy);
    const safety = words.SAFETY[now];
    const free = (reason) => none || reason || null;
    return {
      pause: free(now === "stopped" ? "It is stopped, which is safer than paused." : now === "paused" && "It is paused already."),
      resume: free(killed() ? "The kill switch is on: release it first." : now === "active" && "It is active."),
      stop: free(now === "stopped" && "It is stopped already."),
      "pause-opening": free(!strategy.can_pause_opening ? "This bot can't tell openings from rolls and closes in this strategy: pause all of it instead."
        : safety >= 1 && (safety === 1 ? "Its openings are paused already." : "It sends no orders at all, which is safer.")),
      "pause-symbol": free(safety >= 2 && "It sends no orders at all."),
      preview: free(strategy.adapter !== "wrapper" && "Only a bot that `mtz bot` starts has a dry run."),
    };
  }

  function say(strategy, sentence, tone = "") {
    if (sentence) said.set(strategy, { words: sentence, tone });
    else said.delete(strategy);
    window.mtz.control.page.draw();
  }

  /* Give a command: { strategy, action, scope, symbol, reason }. Resolves with its answer; what goes wrong is said and thrown. */
  async function give(request) {
    say(request.strategy, "Sending…");
    const question = request.strategy === words.EVERY ? "kill" : "command";
    try {
      const answer = await asks.ask(question, { scope: "all", symbol: null, reason: null, ...request, key: asks.key() });
      say(request.strategy, null);
      window.mtz.control.toast.overtaken(answer.command);
      adopt(answer.command);
      return answer;
    } catch (error) {
      say(request.strategy, error.message, "bad");
      window.mtz.ui.show("announce", { children: error.message });
      if (error.answer && error.answer.command) adopt(error.answer.command);
      throw error;
    }
  }

  /* The answer is here before the push: show the command at once, unless something newer is known. */
  function adopt(command) {
    const known = view();
    if (!known) return;
    const holder = command.strategy === words.EVERY ? known.kill : item(command.strategy);
    if (!holder) return;
    if (command.symbol === null) {
      if (!holder.command || holder.command.number < command.number) holder.command = command;
    } else {
      const kept = holder.symbol_states.filter((each) => each.symbol !== command.symbol);
      const before = holder.symbol_states.find((each) => each.symbol === command.symbol);
      if (!before || !before.command || before.command.number < command.number) {
        holder.symbol_states = [...kept, { symbol: command.symbol, desired: before ? before.desired : "active", command }];
      }
    }
    window.mtz.control.page.draw();
  }

  /* One click: pause, with a way back. */
  async function pause(strategy, scope = "all", symbol = null) {
    const before = item(strategy) ? wanted(item(strategy)) : "active";
    try {
      const answer = await give({ strategy, action: "pause", scope, symbol });
      const back = before === "opening_paused" && !symbol ? { action: "pause", scope: "opening" } : { action: "resume", scope: "all" };
      window.mtz.control.toast.undoable(answer, () => give({ strategy, symbol, reason: "undo", ...back }));
    } catch {
      // it is said on the card
    }
  }

  /* Every command of the view, the newest of each strategy and symbol. */
  function all(of) {
    const found = of.items.flatMap((each) => [each.command, ...each.symbol_states.map((single) => single.command)]);
    return [of.kill.command, ...found].filter(Boolean);
  }

  /* A new view: say what has moved since the last one, once for all commands that moved together. */
  function follow() {
    const now = new Map(all(view()).map((command) => [command.id, command]));
    if (states) {
      const moved = [...now.values()].filter((command) => states.get(command.id) !== command.state);
      if (moved.length) announce(moved);
    }
    states = new Map([...now].map(([id, command]) => [id, command.state]));
    for (const [id, told] of followed) if (now.has(id)) told(now.get(id));
  }

  function announce(moved) {
    const kill = moved.find((command) => command.strategy === words.EVERY);
    const shown = kill ? [kill] : moved.slice(0, 3);
    const more = kill || moved.length <= 3 ? "" : ` and ${moved.length - 3} more`;
    const sentences = shown.map((command) => {
      const of = command.strategy === words.EVERY ? "" : `${command.strategy}: `;
      return `${of}${words.deed(command)} ${command.state.replace("_", " ")}. ${words.sentence(command, view().agent)}`;
    });
    window.mtz.ui.show("announce", { children: sentences.join(" ") + more });
  }

  const watch = (id, told) => followed.set(id, told);
  const unwatch = (id) => followed.delete(id);

  return { item, refusal, wanted, killed, reasons, said, say, give, pause, follow, watch, unwatch };
})();
