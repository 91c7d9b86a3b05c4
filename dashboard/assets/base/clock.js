/* Ages, counted in the browser every second by the server's clock. */
window.mtz = window.mtz || {};

window.mtz.clock = (function () {
  const KEPT = 8;
  const estimates = []; // server minus browser, in milliseconds; each is too small by the time it travelled
  let offset = 0;

  /* The server said that it was `seconds` after `iso` at the moment it wrote. */
  function learn(iso, seconds) {
    if (!iso || typeof seconds !== "number") return;
    estimates.push(Date.parse(iso) + seconds * 1000 - Date.now());
    if (estimates.length > KEPT) estimates.shift();
    const best = Math.max(...estimates);
    offset = Math.abs(best) < 500 ? 0 : best; // two clocks that agree are left alone
  }

  const now = () => Date.now() + offset;
  const age = (iso) => (iso ? Math.max(0, (now() - Date.parse(iso)) / 1000) : null);

  /* Every <time class="age"> on the page says how long ago its moment was. */
  function tellAges() {
    for (const element of document.querySelectorAll("time.age")) {
      const iso = element.getAttribute("datetime");
      const prefix = element.getAttribute("data-prefix") || "";
      window.mtz.ui.text(element, iso ? `${prefix}${window.mtz.format.age(age(iso))} ago` : "");
    }
  }

  const listeners = [tellAges];
  const everySecond = (listener) => listeners.push(listener);

  let started = false;

  /* The page stands: from now on it may be written to. */
  function start() {
    started = true;
  }

  function tick() {
    if (started && !document.hidden) for (const listener of listeners) listener();
  }

  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);

  return { learn, now, age, everySecond, start, tick };
})();
