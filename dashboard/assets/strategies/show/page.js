/* The strategies on the page: cards of the Strategies page, small ones of the Overview, what stands above them. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.page = (function () {
  const { parts, words, commands, card, kill, dialog } = window.mtz.control;
  const { state } = window.mtz.state;
  const { ui, format } = window.mtz;
  const ORDER = { stopped: 0, paused: 1, opening_paused: 2, active: 3 };
  let frame = null;

  /* Draw soon, once for however many reasons. A hidden page is drawn when somebody looks. */
  function draw() {
    if (frame === null) frame = requestAnimationFrame(() => { frame = null; drawNow(); });
  }

  function drawNow() {
    const view = state.strategies;
    if (!view) return;
    const items = [...view.items].sort((a, b) => (a.is_listed === b.is_listed ? (a.name < b.name ? -1 : 1) : a.is_listed ? -1 : 1));
    fillCards("strategy-cards", "strategy-card-template", items, (element, item) => card.update(element, item, view));
    fillCards("strategy-minis", "strategy-mini-template", items.filter((item) => item.is_listed), card.updateMini);
    ui.show("strategies-empty", { hidden: items.length > 0 });
    ui.show("strategies-rest", { hidden: items.length === 0 });
    ui.show("strategy-minis-panel", { hidden: items.length === 0 });
    ui.show("strategies-note", { children: summary(items) });
    const away = view.agent.state === "away";
    ui.show("agent-note", { children: away ? awayWords(view.agent) : "", hidden: !away || items.length === 0 });
    sums(view, items);
    kill.draw(view);
  }

  /* Strategies, what belongs to none and what is left over: up to the account's own P&L. Unknown stays unknown. */
  function sums(view, items) {
    const box = document.getElementById("strategies-sum");
    const rest = view.unattributed;
    parts.show(box, rest !== null && items.length > 0);
    if (!rest) return;
    for (const span of ["day", "total"]) {
      const own = items.map((item) => (item.figures ? item.figures[`pnl_${span}`] : 0));
      const known = (values) => (values.every((value) => typeof value === "number") ? values.reduce((sum, value) => sum + value, 0) : null);
      const rows = { strategies: known(own), unattributed: rest[`pnl_${span}`], residual: view[`residual_${span}`] };
      if (span === "total") rows.income = view.income_total; // the broker's P&L of a day has none in it
      rows.account = known(Object.values(rows));
      for (const [name, value] of Object.entries(rows)) parts.fill(box, `${name}_${span}`, format.signed(value), format.direction(value));
    }
  }

  const awayWords = (agent) => agent.reason
    || `The strategy agent is not running${agent.heartbeat_at ? ` (seen last ${format.time(agent.heartbeat_at)})` : ""}: commands are kept, but nothing is paused or stopped until it is back. \`mtz kill\` on the machine works without it.`;

  function fillCards(id, template, items, update) {
    const box = document.getElementById(id);
    if (!box) return;
    const children = parts.keyed(box, items, (item) => item.name, (item) => {
      const found = parts.copy(template);
      found.dataset.strategy = item.name;
      if (id === "strategy-cards") found.setAttribute("role", "listitem");
      found.setAttribute("aria-label", item.name);
      return found;
    });
    items.forEach((item, i) => update(children[i], item));
  }

  /* 3 active · 1 paused */
  function summary(items) {
    const listed = items.filter((item) => item.is_listed);
    const counts = Object.keys(ORDER).reverse()
      .map((desired) => [words.DESIRED[desired][0].toLowerCase(), listed.filter((item) => item.desired === desired).length])
      .filter(([, count]) => count);
    return counts.map(([name, count]) => `${count} ${name}`).join(" · ");
  }

  const ACTS = {
    pause: (name) => commands.pause(name),
    "pause-opening": (name) => commands.pause(name, "opening"),
    resume: (name) => dialog.open("resume", { strategy: name, action: "resume" }),
    stop: (name) => dialog.open("stop", { strategy: name, action: "stop" }),
    "pause-symbol": (name) => dialog.open("pause-symbol", { strategy: name, action: "pause" }),
    "pause-this-symbol": (name, { symbol }) => commands.pause(name, "all", symbol),
    "resume-symbol": (name, { symbol }) => dialog.open("resume-symbol", { strategy: name, action: "resume", symbol }),
    preview: (name) => window.mtz.control.preview.open(name),
    decisions: (name) => window.mtz.control.ledger.choose(name),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-do]");
    const holder = button && button.closest("[data-strategy]");
    closeMenus(button && button.closest("details.more") && holder ? null : event.target.closest && event.target.closest("details.more"));
    if (!holder || !ACTS[button.dataset.do]) return;
    const name = holder.dataset.strategy;
    if (button.getAttribute("aria-disabled") === "true") {
      if (button.title) commands.say(name, button.title);
      return;
    }
    ACTS[button.dataset.do](name, button.dataset);
  });

  /* A menu is closed by what is clicked beside it, by one of its own buttons and by Esc. */
  function closeMenus(but) {
    for (const menu of document.querySelectorAll("details.more[open]")) if (menu !== but) menu.open = false;
  }

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest && event.target.closest("details.more[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  /* A small card leads to the large one, without loading the page. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest(".mini a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const [pathname, mark] = link.getAttribute("href").split("#");
    window.dash_clientside.set_props("location", { pathname, hash: `#${mark}` });
    restore(`#${mark}`);
  });

  /* The address names a strategy: its card is scrolled to and takes the focus. */
  function restore(hash) {
    if (!hash.startsWith("#strategy=")) return;
    const name = decodeURIComponent(hash.slice("#strategy=".length));
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const found = document.querySelector(`#strategy-cards [data-strategy="${CSS.escape(name)}"]`);
      if (!found || !found.offsetParent) return;
      found.scrollIntoView({ block: "start" });
      found.querySelector("h3 [data-part]").focus({ preventScroll: true });
    }));
  }

  /* What stands below the cards, while the page is looked at. */
  function followed() {
    if (!state.strategies) return;
    window.mtz.control.compare.follow(state.strategies);
    window.mtz.control.ledger.follow(state.strategies);
  }

  let arrived = false;

  function changed() {
    if (!state.strategies) return;
    commands.follow();
    drawNow();
    followed();
    if (!arrived) {
      arrived = true;
      restore(location.hash);
    }
  }

  let drawnAt = 0;
  window.mtz.clock.everySecond(() => {
    if (Date.now() - drawnAt < 5000) return; // ages and countdowns
    drawnAt = Date.now();
    draw();
    followed();
  });

  window.mtz.state.on(["strategy.update"], changed);

  return { draw, followed };
})();
