/* The note after one click that can be undone. It counts down once the command has settled, and not while it is looked at. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.toast = (function () {
  const SHOWN_S = 10;
  const WAITS_S = 90; // for a command that doesn't settle
  const { words, commands, parts } = window.mtz.control;
  let now = null; // { answer, command, undo, left, waited, wish, at }: what is left and was waited in seconds, as of `at`

  const box = () => document.getElementById("toast");

  function undoable(answer, undo) {
    if (now) close();
    now = { answer, command: answer.command, undo, left: SHOWN_S, waited: 0, wish: false, at: Date.now() };
    box().replaceChildren(
      parts.element("p", { className: "toast-words" }),
      parts.element("button", { type: "button", className: "tool large", textContent: "Undo", onclick: wish }),
      parts.element("button", { type: "button", className: "tool large quiet", textContent: "Close", onclick: close }),
      parts.element("span", { className: "toast-left" }),
    );
    box().hidden = false;
    commands.watch(now.command.id, (command) => {
      if (!now || now.command.id !== command.id) return;
      now.command = command;
      tell();
      if (now.wish && words.isSettled(command)) back();
    });
    tell();
  }

  /* Another command was given: what the note could undo isn't the newest any more. */
  function overtaken(command) {
    if (now && command.id !== now.command.id && [now.command.strategy, words.EVERY].includes(command.strategy)) close();
  }

  function tell() {
    if (!now) return;
    const { command, answer, wish: wished } = now;
    const of = command.symbol ? `${command.symbol} in ${command.strategy}` : command.strategy;
    const how = command.state === "requested" ? "pause requested" : command.state === "acknowledged" ? "pause acknowledged" : command.state === "enforced" ? "paused" : `pause ${command.state.replace("_", " ")}`;
    const sentence = wished ? "The way back is sent as soon as the pause has settled; keep this page open."
      : answer.is_new ? "" : "It was given before; nothing was given twice.";
    parts.write(box().querySelector(".toast-words"), `${of}: ${how}. ${sentence}`.trim());
    const [undo] = box().querySelectorAll("button");
    parts.attribute(undo, "aria-disabled", String(wished));
    parts.attribute(undo, "aria-label", `Undo the pause of ${of}`);
    box().style.setProperty("--left", String(now.left / SHOWN_S));
  }

  function wish() {
    if (!now || now.wish) return;
    if (words.isSettled(now.command)) back();
    else {
      now.wish = true;
      tell();
    }
  }

  async function back() {
    const { undo } = now;
    close();
    try {
      await undo();
    } catch {
      // it is said on the card
    }
  }

  function close() {
    if (!now) return;
    commands.unwatch(now.command.id);
    const held = box().contains(document.activeElement);
    now = null;
    box().hidden = true;
    box().replaceChildren();
    if (held) document.getElementById("main").focus();
  }

  window.mtz.clock.everySecond(() => {
    if (!now) return;
    const passed = (Date.now() - now.at) / 1000;
    now.at = Date.now();
    if (!words.isSettled(now.command)) {
      now.waited += passed;
      if (now.waited > WAITS_S) close();
      return;
    }
    if (box().matches(":hover, :focus-within")) return;
    now.left -= passed;
    if (now.left <= 0) close();
    else tell();
  });

  return { undoable, overtaken };
})();
