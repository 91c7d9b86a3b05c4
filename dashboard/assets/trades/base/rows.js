/* What a total is made of: a figure that is a button, and the dialog with its rows, which add up to it. */
window.mtz = window.mtz || {};

window.mtz.rows = (function () {
  const { format } = window.mtz;
  const make = (...given) => window.mtz.control.parts.element(...given);
  const place = (part) => document.getElementById(part ? `rows-dialog-${part}` : "rows-dialog");
  const UNTIL = (row) => (row.closed_on || "open still");
  const money = (name, title) => ({ title, cell: (row) => format.signed(row[name]), tone: (row) => format.direction(row[name]) });
  const fee = { title: "Fees", cell: (row) => format.price(row.fees), tone: () => "" };
  const KINDS = {
    results: { one: "result", columns: [money("net", "Net")], sum: (view) => [["net", view.total.net]], note: (view) => `${view.total.wins} of ${view.total.count} made money` },
    premium: { one: "sale", columns: [money("premium", "Gross"), money("buy_backs", "Buy-backs"), money("net", "Net"), fee],
      sum: (view) => [["gross", view.total.premium], ["buy-backs", view.total.buy_backs], ["net", view.total.net], ["fees", -view.total.fees]] },
    cycle: { one: "row", columns: [money("premium", "Premium"), fee, money("dividends", "Dividends")],
      sum: (view) => [["premium", view.total.premium], ["fees", -view.total.fees], ["dividends", view.total.dividends]] },
  };
  KINDS.bridge = { one: "row", columns: [money("amount", "Amount")], heads: ["What", "Day"], lead: (row) => [row.what, row.day],
    sum: (view) => [["together", view.total.amount]] };
  let turn = 0;

  /* A figure that opens its rows. `ask` is what REST is asked: { kind, path, params, title }. */
  function button(words, ask) {
    const found = make("button", { type: "button", className: "total", textContent: words, title: "What it is made of" });
    found.addEventListener("click", () => open(ask));
    return found;
  }

  async function open({ kind, path, params, title }) {
    turn += 1;
    const mine = turn;
    place("title").textContent = title;
    place("sum").textContent = "The rows are being read.";
    place("list").replaceChildren();
    if (!place().open) place().showModal();
    try {
      const view = await window.mtz.book.asks.get(path, params);
      if (mine === turn) draw(KINDS[kind], view);
    } catch (error) {
      if (mine === turn) place("sum").textContent = `The rows can't be read: ${error.message}`;
    }
  }

  function draw(kind, view) {
    const count = `${format.number(view.rows, 0)} ${kind.one}${view.rows === 1 ? "" : "s"}`;
    const shown = view.items.length < view.rows ? `, the newest ${view.items.length} are listed` : "";
    const sums = kind.sum(view).map(([name, amount]) => `${name} ${format.signed(amount)}`).join(", ");
    place("sum").textContent = `${count}${shown}: ${sums} ${view.currency}${kind.note ? `; ${kind.note(view)}` : ""}.`;
    const lead = kind.lead || ((row) => [row.contract, row.opened_on, UNTIL(row)]);
    const words = kind.heads || ["Contract", "Opened", "Ended"];
    const heads = [...words, ...kind.columns.map((column) => column.title)];
    place("list").replaceChildren(make("table", { className: "plain" }, [
      make("thead", {}, [make("tr", {}, heads.map((name, i) => make("th", { scope: "col", className: i < words.length ? "" : "num", textContent: name })))]),
      make("tbody", {}, view.items.map((row) => make("tr", {}, [
        ...lead(row).map((text, i) => (i ? make("td", { textContent: text }) : make("th", { scope: "row", textContent: text }))),
        ...kind.columns.map((column) => make("td", { className: `num ${column.tone(row)}`, textContent: column.cell(row) })),
      ]))),
    ]));
  }

  document.addEventListener("click", ({ target }) => {
    if (target.id === "rows-dialog-close") place().close();
    const link = target.closest && target.closest("[data-rows]");
    if (link) open(JSON.parse(link.dataset.rows));
  });

  return { button, open };
})();
