/* What a cell of the Positions table says; layouts/components/book_grid.py names these. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.cells = (function () {
  const { format } = window.mtz;
  const SIGNED = new Set(["daily_pnl", "unrealized_pnl", "realized_pnl"]);
  const MONEYNESS = { itm: "in", atm: "at", otm: "out" };
  const UNTRACKED = "Not tracked by the bot";
  const NON_STANDARD = "non-standard deliverable";

  const isHeld = (params) => params.data.kind === "held";

  /* A sum says by * that something of it is not known. */
  const lacking = (params) => Boolean(params.data.unknown && params.data.unknown[params.colDef.field]);
  const marked = (params, words) => (lacking(params) && words !== format.UNKNOWN ? `${words}*` : words);

  const sum = (params) => marked(params, SIGNED.has(params.colDef.field) ? format.signed(params.value) : format.number(params.value));

  const DIGITS = { delta: 1, gamma: 2, theta: 2, vega: 2 };
  const greek = (params) => (params.value === undefined ? "" : marked(params, format.signed(params.value, DIGITS[params.colDef.field])));

  function name(params) {
    const { data } = params;
    if (data.kind === "group") return `${data.is_folded ? "▸" : "▾"} ${data.name}`;
    if (data.kind === "total") return data.name;
    const short = data.sec_type === "STK" ? "Shares" : data.name.startsWith(`${data.symbol} `) ? data.name.slice(data.symbol.length + 1) : data.name;
    return data.non_standard ? `${short} ▲ non-standard` : short;
  }

  const words = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

  function nameTip(params) {
    const { data } = params;
    if (data.kind === "held") return data.non_standard ? `${data.local_symbol}: ${NON_STANDARD}, no payoff is guessed` : data.local_symbol;
    const lacks = Object.entries(data.unknown).map(([field, count]) => `${count} × ${field.replace("_", " ")}`);
    return `${words(data.members, "position")} in ${data.currency}${lacks.length ? `; not known, and not in the sums (*): ${lacks.join(", ")}` : ""}`;
  }

  const nameClass = (params) => `contract ${params.data.kind}${isHeld(params) && params.data.sec_type === "STK" ? " shares" : ""}`;

  const rowClass = (params) => `book-${params.data.kind}`;

  function strategy(params) {
    const { data } = params;
    if (data.kind === "total") return "";
    if (data.kind === "group" && data.strategies.size > 1) {
      const named = [...data.strategies].filter(Boolean);
      return named.length === 1 ? `${named[0]} (in part)` : `${named.length} strategies`;
    }
    return data.strategy || UNTRACKED;
  }

  const strategyClass = (params) => (params.data.kind !== "total" && strategy(params) === UNTRACKED ? "untracked" : "");

  const moneyness = (params) => (params.value ? MONEYNESS[params.value] || params.value : isHeld(params) && params.data.expiry ? format.UNKNOWN : "");

  /* Shares, and sums, have no strike: nothing is unknown there, so there is no dash either. */
  const optional = (write) => (params) => (params.value === null || params.value === undefined
    ? (isHeld(params) && params.data.expiry ? format.UNKNOWN : "") : write(params.value));
  const ofAny = (write) => (params) => (isHeld(params) || (params.value !== null && params.value !== undefined) ? write(params.value) : "");

  const option = {
    percent: optional((value) => format.percent(value, 1, true)),
    whole: optional((value) => format.percent(value, 0, true)),
    price: optional((value) => format.price(value)),
    sigma: optional((value) => format.signed(value, 2)),
    fraction: optional((value) => format.fraction(value)),
    days: optional((value) => format.quantity(value)),
  };
  const any = {
    quantity: ofAny((value) => format.quantity(value)),
    price: ofAny((value) => format.price(value)),
    percent: ofAny((value) => format.percent(value, 1, true)),
  };

  /* By underlying; its own row first, then shares, then options by expiry, strike and right. */
  const sortKey = (row) => [row.group, row.kind === "group" ? 0 : 1, row.sec_type === "STK" ? "0" : "1", row.expiry || "", row.strike || 0, row.right || "", row.key];

  function byName(_a, _b, nodeA, nodeB) {
    const [a, b] = [sortKey(nodeA.data), sortKey(nodeB.data)];
    for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
  }

  /* However the rows are sorted: underlyings by their own row, each followed by what is held of it. */
  function gather({ nodes }) {
    const heads = [];
    const beneath = new Map();
    for (const node of nodes) {
      if (node.data.kind === "group") heads.push(node);
      else if (beneath.has(node.data.group)) beneath.get(node.data.group).push(node);
      else beneath.set(node.data.group, [node]);
    }
    let place = 0;
    for (const head of heads) {
      nodes[place++] = head;
      for (const node of beneath.get(head.data.group) || []) nodes[place++] = node;
    }
  }

  window.dashAgGridFunctions = window.dashAgGridFunctions || {};
  window.dashAgGridFunctions.mtz = Object.assign(window.dashAgGridFunctions.mtz || {}, {
    book: { sum, greek, name, nameTip, nameClass, rowClass, strategy, strategyClass, moneyness, option, any, byName, gather, rowId: (params) => params.data.key },
  });

  return { strategy, UNTRACKED };
})();
