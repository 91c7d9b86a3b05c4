/* What a state, a command and a bot's condition are called. Pure: a view in, words out. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.words = (function () {
  const EVERY = "*";
  const DESIRED = {
    active: ["Active", "active"], opening_paused: ["Openings paused", "opening"], paused: ["Paused", "paused"], stopped: ["Stopped", "stopped"],
  };
  const BOT = {
    running: ["Running now", "good"], idle: ["Idle", ""], error: ["Error", "bad"], late: ["Late", "warn"], overrunning: ["Overrunning", "warn"],
    silent: ["Silent", "warn"], unknown: ["Not heard of yet", ""],
  };
  const OUTCOMES = {
    ok: "went well", failed: "failed", refused: "was refused", killed: "was ended", vanished: "vanished without a word",
  };
  const DONE = { pause: "paused", stop: "stopped", resume: "resumed" };
  const SAFETY = { active: 0, opening_paused: 1, paused: 2, stopped: 3 };

  const isSettled = (command) => !["requested", "acknowledged"].includes(command.state);
  const counts = (command) => !["failed", "overruled"].includes(command.state);

  function desiredOf(command) {
    if (command.action === "stop") return "stopped";
    if (command.action === "resume") return "active";
    return command.scope === "opening" ? "opening_paused" : "paused";
  }

  /* Pause, Stop, Pause of openings, Resume of AAPL. */
  function deed(command) {
    const name = command.strategy === EVERY ? { stop: "Kill switch", resume: "Release of the kill switch" }[command.action] || command.action
      : `${command.action[0].toUpperCase()}${command.action.slice(1)}${command.scope === "opening" ? " of openings" : ""}`;
    return command.symbol ? `${name} of ${command.symbol}` : name;
  }

  const by = (command) => `${command.actor}${command.origin && command.origin !== command.actor ? ` (${command.origin})` : ""}`;

  const line = (command) => `${deed(command)} by ${by(command)}${command.reason ? `: “${command.reason}”` : ""}`;

  /* The three steps: [words, when, done | now | off | bad]. */
  function steps(command) {
    const last = {
      enforced: ["Enforced", "done"], not_enforced: ["Not enforced", "bad"], failed: ["Failed", "bad"], overruled: ["Overruled", "off"],
    }[command.state] || ["Enforced", "off"];
    const isTaken = command.acknowledged_at !== null;
    const acknowledged = isTaken ? "done" : command.state === "requested" ? "now" : "off";
    return [
      ["Requested", command.requested_at, "done"],
      ["Acknowledged", command.acknowledged_at, acknowledged],
      [last[0], command.settled_at, command.state === "acknowledged" ? "now" : last[1]],
    ];
  }

  /* One sentence: what is so now, and what isn't yet. */
  function sentence(command, agent) {
    if (command.state === "requested") {
      if (agent && agent.state === "away") {
        return `Requested; the agent is not running: nothing has been ${DONE[command.action]} yet. ${command.action === "resume" ? "It is kept until the agent is back." : "`mtz kill` on the machine works without it."}`;
      }
      return "The agent has not taken it yet.";
    }
    if (command.detail) return command.detail;
    if (command.state === "acknowledged") return "Every start of the bot reads it from now on. A run that began before may still be under way.";
    if (command.state === "not_enforced") return "Not all of it could be done; it is looked at again until it is.";
    if (command.state === "failed") return "It failed, and no reason was given.";
    if (command.state === "overruled") return "A safer command counted.";
    return {
      pause: command.scope === "opening" ? "No run is under way that may open; rolls and closes go on." : "No run is under way that didn't know of it.",
      stop: "No run is under way and no working order is left. Positions stay as they are.",
      resume: "The bot trades again.",
    }[command.action];
  }

  const isAre = (count, one, many) => (count === 1 ? one : many);

  /* The banner: its title, what it says, which strategies are not there yet. */
  function kill(view) {
    const { command, is_enforced, pending } = view.kill;
    const all = view.items.filter((item) => item.is_listed).length;
    const done = all - pending.length;
    const state = command ? command.state : "enforced";
    if (state === "requested") return { title: "Kill switch requested", sentence: sentence(command, view.agent) };
    const share = `${done} of ${all} ${isAre(all, "strategy", "strategies")} enforced.`;
    if (is_enforced) return { title: "Kill switch on: every strategy is stopped", sentence: `${share} Working orders are cancelled. Positions stay as they are.` };
    const problem = command && command.detail ? ` ${command.detail}` : "";
    const kept = view.agent.state === "away" ? " The agent is not running: what is pending stays so until it is back. `mtz kill` on the machine works without it." : "";
    return { title: state === "not_enforced" ? "Kill switch acknowledged, not enforced" : state === "failed" ? "Kill switch failed" : "Kill switch acknowledged", sentence: share + problem + kept };
  }

  /* What the state of a symbol is called, and how far the command that made it so is. */
  function symbol(state) {
    const { command } = state;
    const progress = command ? { requested: "requested", acknowledged: "acknowledged", enforced: "enforced", not_enforced: "not enforced", failed: "failed", overruled: "overruled" }[command.state] : "";
    const wanted = command && !isSettled(command) ? deed(command).toLowerCase().replace(/ of .*/, "") : DESIRED[state.desired][0].toLowerCase();
    return `${wanted}${progress ? `, ${progress}` : ""}${command && command.detail ? `: ${command.detail}` : ""}`;
  }

  return { EVERY, DESIRED, BOT, OUTCOMES, SAFETY, isSettled, counts, desiredOf, deed, by, line, steps, sentence, kill, symbol };
})();
