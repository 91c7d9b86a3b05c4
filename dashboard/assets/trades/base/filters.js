/* Which trades are shown: the fields above the table as the parameters of REST, the same for table, figures and file. */
window.mtz = window.mtz || {};
window.mtz.journal = window.mtz.journal || {};

window.mtz.journal.filters = (function () {
  const EVERY = "*";
  const SETTLED_MS = 250; // while somebody types
  const NONE = { text: "", symbol: "", when: EVERY, type: EVERY, side: EVERY, state: EVERY, strategy: EVERY, tag: "", noted: EVERY };
  const WORDS = ["text", "symbol", "tag"];
  const NAMES = { text: "text", symbol: "symbol", type: "sec_type", side: "side", state: "state", strategy: "strategy", tag: "tag", noted: "noted" };
  const OF_TRIPS = ["state"];
  const set = { ...NONE };
  const days = { from: "", to: "" };
  const listeners = [];
  const newYork = new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" });
  const place = (name) => document.getElementById(`journal-${name}`);
  let timer = null;

  const today = () => newYork.format(new Date(window.mtz.clock.now()));
  const before = (count) => new Date(Date.parse(today()) - count * 86400000).toISOString().slice(0, 10);

  /* From and to, as days of New York. */
  function span() {
    if (set.when === EVERY) return {};
    if (set.when === "days") return days;
    if (set.when === "month") return { from: `${today().slice(0, 8)}01` };
    if (set.when === "year") return { from: `${today().slice(0, 4)}-01-01` };
    return { from: before(Math.max(0, Number(set.when) - 1)) };
  }

  /* The parameters of REST for one of the lists. */
  function parameters(isOfTrips) {
    const found = {};
    for (const [field, name] of Object.entries(NAMES)) {
      if (set[field] !== NONE[field] && (isOfTrips || !OF_TRIPS.includes(field))) found[name] = set[field];
    }
    for (const [name, day] of Object.entries(span())) if (day) found[name] = day;
    return found;
  }

  const active = () => Object.keys(NONE).some((name) => set[name] !== NONE[name]);

  function tell() {
    window.mtz.ui.show("journal-clear", { hidden: !active() });
    place("days").hidden = set.when !== "days";
    listeners.forEach((listener) => listener());
  }

  function changed(event) {
    const { target } = event;
    if (target.dataset && target.dataset.day) {
      if (target.value && !target.validity.valid) return;
      days[target.dataset.day] = target.value;
      tell();
      return;
    }
    const name = target.id && target.id.startsWith("journal-") ? target.id.slice("journal-".length) : null;
    if (!(name in NONE)) return;
    const value = WORDS.includes(name) ? target.value.trim() : target.value;
    if (value === set[name]) return;
    set[name] = name === "symbol" ? value.toUpperCase() : value;
    clearTimeout(timer);
    if (WORDS.includes(name) && event.type === "input") timer = setTimeout(tell, SETTLED_MS);
    else tell();
  }

  /* As kept, or none: the fields on the page follow. */
  function restore(kept) {
    const value = (name, none) => (kept && typeof kept[name] === "string" ? kept[name] : none);
    for (const name of Object.keys(NONE)) {
      set[name] = value(name, NONE[name]);
      window.dash_clientside.set_props(`journal-${name}`, { value: set[name] });
    }
    for (const name of Object.keys(days)) {
      days[name] = value(name, "");
      place("days").querySelector(`[data-day=${name}]`).value = days[name];
    }
    window.mtz.ui.show("journal-clear", { hidden: !active() });
    place("days").hidden = set.when !== "days";
  }

  function clear() {
    restore(null);
    tell();
  }

  /* Two days, which the page has no component for. */
  function make() {
    const { element } = window.mtz.control.parts;
    const field = (name, words) => element("label", {}, [
      `${words} `, Object.assign(element("input", { type: "date", className: "day-entry" }), { min: "1990-01-01" }),
    ].map((part) => { if (part.dataset) part.dataset.day = name; return part; }));
    place("days").replaceChildren(field("from", "From"), field("to", "to"));
    place("days").hidden = true;
  }

  let offered = null;

  /* The strategies that are known, to choose from. */
  function offer() {
    const known = window.mtz.state.state.strategies ? window.mtz.state.state.strategies.items.map((item) => item.name) : [];
    if (set.strategy !== EVERY && set.strategy && !known.includes(set.strategy)) known.push(set.strategy);
    if (String(known) === offered) return;
    offered = String(known);
    const options = [{ label: "Every strategy", value: EVERY }, ...known.sort().map((name) => ({ label: name, value: name })),
      { label: window.mtz.journal.cells.NOBODY, value: "" }];
    window.dash_clientside.set_props("journal-strategy", { options, value: set.strategy });
  }

  for (const kind of ["input", "change"]) document.addEventListener(kind, changed);
  document.addEventListener("click", (event) => { if (event.target.closest && event.target.closest("#journal-clear")) clear(); });

  return { parameters, active, make, offer, restore, all: () => ({ ...set, ...days }), onChange: (listener) => listeners.push(listener) };
})();
