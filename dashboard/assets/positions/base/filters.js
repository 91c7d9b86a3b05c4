/* Which positions are shown: by words, days to expiry and strategy. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.filters = (function () {
  const EVERY = "*";
  const NOBODY = "";
  const NONE = { text: "", dte: EVERY, strategy: EVERY };
  const FIELDS = Object.keys(NONE);
  const set = { ...NONE };
  const listeners = [];

  const active = () => FIELDS.some((name) => set[name] !== NONE[name]);

  /* Every word of the text is somewhere in what names the position. */
  function fits(row) {
    if (set.strategy !== EVERY && (row.strategy || NOBODY) !== set.strategy) return false;
    if (set.dte !== EVERY && !(row.dte !== null && (set.dte === "over" ? row.dte > 45 : row.dte <= Number(set.dte)))) return false;
    if (!set.text) return true;
    const said = `${row.symbol} ${row.name} ${row.local_symbol} ${row.expiry || ""} ${row.strategy || ""}`.toLowerCase();
    return set.text.toLowerCase().split(/\s+/).every((word) => said.includes(word));
  }

  /* The same for the file. */
  function parameters() {
    const asked = {};
    if (set.text) asked.text = set.text;
    if (set.strategy !== EVERY) asked.strategy = set.strategy;
    if (set.dte === "over") asked.min_dte = 46;
    else if (set.dte !== EVERY) asked.max_dte = set.dte;
    return asked;
  }

  function link() {
    const { account } = window.mtz.state.state;
    if (account) window.mtz.ui.show("book-csv", { href: `/api/exports/positions.csv?${new URLSearchParams({ account, ...parameters() })}` });
  }

  function tell() {
    window.mtz.ui.show("book-clear", { hidden: !active() });
    link();
    listeners.forEach((listener) => listener());
  }

  /* As kept, or none: the fields on the page follow. */
  function restore(kept) {
    for (const name of FIELDS) {
      set[name] = kept && typeof kept[name] === "string" ? kept[name] : NONE[name];
      window.dash_clientside.set_props(`book-${name}`, { value: set[name] });
    }
    window.mtz.ui.show("book-clear", { hidden: !active() });
    link();
  }

  function clear() {
    restore(null);
    tell();
  }

  let offered = null;

  /* The strategies that hold something, to choose from; one that was chosen stays. */
  function offer(rows) {
    const names = new Set(rows.map((row) => row.strategy || NOBODY));
    if (set.strategy !== EVERY) names.add(set.strategy);
    const sorted = [...names].sort();
    if (String(sorted) === offered) return;
    offered = String(sorted);
    const options = [{ label: "Every strategy", value: EVERY },
      ...sorted.map((name) => ({ label: name || window.mtz.book.cells.UNTRACKED, value: name }))];
    window.dash_clientside.set_props("book-strategy", { options, value: set.strategy });
  }

  function changed(event) {
    const name = event.target.id && event.target.id.startsWith("book-") ? event.target.id.slice("book-".length) : null;
    if (!FIELDS.includes(name)) return;
    const value = name === "text" ? event.target.value.trim() : event.target.value;
    if (value === set[name]) return;
    set[name] = value;
    tell();
  }

  for (const kind of ["input", "change"]) document.addEventListener(kind, changed);
  document.addEventListener("click", (event) => { if (event.target.closest && event.target.closest("#book-clear")) clear(); });

  document.addEventListener("mtz:account", link);

  return { fits, active, restore, offer, all: () => ({ ...set }), onChange: (listener) => listeners.push(listener) };
})();
