/* The kill switch on every page: the header's button and the banner under it. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.kill = (function () {
  const { words, commands, parts } = window.mtz.control;
  const NAMED = 6;

  /* Thrown, or asked to be; its release, until it is in force, leaves it on. */
  function isOn(view) {
    const { command, is_killed } = view.kill;
    return is_killed || Boolean(command && command.action === "stop" && !words.isSettled(command));
  }

  function draw(view) {
    const on = isOn(view);
    const { ui } = window.mtz;
    const button = document.getElementById("kill-button");
    button.classList.toggle("on", on);
    parts.write(button.querySelector(".kill-words"), on ? "Kill switch on" : "Kill switch");
    parts.attribute(button, "aria-label", on ? "Kill switch is on" : "Kill switch: stop every strategy");
    const none = commands.refusal();
    button.title = none || (on ? "Every strategy is stopped, or on its way" : "Stop every strategy");
    button.setAttribute("aria-disabled", String(none !== null));
    document.getElementById("kill-release").setAttribute("aria-disabled", String(none !== null));
    ui.show("kill-banner", { hidden: !on });
    if (on) tell(view);
  }

  function tell(view) {
    const { ui } = window.mtz;
    const { command, pending } = view.kill;
    const releasing = command && command.action === "resume" && !words.isSettled(command);
    const told = releasing ? { title: "Release of the kill switch requested", sentence: words.sentence(command, view.agent) } : words.kill(view);
    const reason = command && command.action === "stop" && command.reason ? ` (“${command.reason}”)` : "";
    ui.show("kill-title", { children: told.title + (command ? ` by ${words.by(command)}${reason}` : "") });
    ui.show("kill-age", { dateTime: command ? command.requested_at : "" });
    ui.show("kill-sentence", { children: told.sentence });
    const names = pending.length > NAMED ? `${pending.slice(0, NAMED).join(", ")} and ${pending.length - NAMED} more` : pending.join(", ");
    ui.show("kill-pending", { children: pending.length ? `Pending: ${names}.` : "", hidden: !pending.length });
  }

  return { draw, isOn };
})();
