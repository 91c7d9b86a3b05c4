/* The rows of the Positions table: what is held, a row of sums for each underlying, one for all. Pure: positions in, rows out.
   A sum is of what is known; how many of its rows are not stands beside it in `unknown`. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.rows = (function () {
  const { format } = window.mtz;
  const MONEY = ["market_value", "daily_pnl", "unrealized_pnl", "realized_pnl"];
  const GREEKS = ["delta", "gamma", "theta", "vega"];
  const OPTIONS = new Set(["OPT", "FOP"]);

  const groupOf = (row) => `${row.symbol} ${row.currency}`;
  const isOption = (row) => OPTIONS.has(row.sec_type);
  const isShare = (row) => row.sec_type === "STK";

  /* Of the whole position: shares move with themselves and have no other Greek. */
  function greek(row, name) {
    if (isShare(row)) return name === "delta" ? row.quantity : 0;
    return row[name] === null ? null : row[name] * row.quantity * row.multiplier;
  }

  /* One position, as the table shows it. */
  function held(row) {
    const made = {
      ...row,
      key: String(row.con_id),
      kind: "held",
      group: groupOf(row),
      name: format.contract(row),
      average: row.avg_cost === null ? null : row.avg_cost / row.multiplier,
    };
    for (const name of GREEKS) made[name] = greek(row, name);
    return made;
  }

  /* The sums of `rows` over `fields`, and of how many each is not known. */
  function sums(rows, fields) {
    const found = { unknown: {} };
    for (const field of fields) {
      let sum = null;
      let missing = 0;
      for (const row of rows) {
        if (row.unknown ? row[field] === null && row.unknown[field] : row[field] === null) missing += row.unknown ? row.unknown[field] : 1;
        else if (row[field] !== null) {
          sum = (sum || 0) + row[field];
          missing += row.unknown ? row.unknown[field] || 0 : 0;
        }
      }
      found[field] = sum;
      if (missing) found.unknown[field] = missing;
    }
    return found;
  }

  const least = (values) => values.reduce((min, value) => (value !== null && value !== undefined && (min === null || value < min) ? value : min), null);

  const cost = (row) => (row.avg_cost === null ? null : Math.abs(row.avg_cost * row.quantity));

  /* Unrealised of what was paid or received, where both are known for every row. */
  function ofCost(rows) {
    const paid = rows.map(cost);
    const won = rows.map((row) => row.unrealized_pnl);
    if ([...paid, ...won].some((value) => value === null)) return null;
    const base = paid.reduce((sum, value) => sum + value, 0);
    return base ? (won.reduce((sum, value) => sum + value, 0) / base) * 100 : null;
  }

  /* An underlying's row over the positions of it that are shown. */
  function group(name, rows, isFolded) {
    const [first] = rows;
    const strategies = new Set(rows.map((row) => row.strategy ?? null));
    const share = rows.find(isShare);
    return {
      ...sums(rows, [...MONEY, ...GREEKS]),
      key: `group ${name}`,
      kind: "group",
      group: name,
      symbol: first.symbol,
      currency: first.currency,
      name: first.symbol,
      members: rows.length,
      is_folded: isFolded,
      quantity: null,
      average: null,
      market_price: share ? share.market_price : rows.map((row) => row.underlying_price).find((price) => price !== null) ?? null,
      pnl_of_cost: ofCost(rows),
      pnl_of_max_profit: null,
      implied_vol: null,
      dte: least(rows.map((row) => row.dte)),
      moneyness: null,
      break_even: null,
      distance_pct: null,
      distance_sigma: null,
      underlying_price: null,
      strategies,
      strategy: strategies.size === 1 ? [...strategies][0] : null,
      as_of: least(rows.map((row) => row.as_of)),
    };
  }

  /* A row for each currency: sums of different ones would be of nothing. Shares of different underlyings don't add up either. */
  function totals(groups) {
    const currencies = [...new Set(groups.map((row) => row.currency))].sort();
    return currencies.map((currency) => {
      const rows = groups.filter((row) => row.currency === currency);
      return {
        ...sums(rows, [...MONEY, "theta", "vega"]),
        key: `total ${currency}`,
        kind: "total",
        currency,
        name: currencies.length > 1 ? `All in ${currency}` : "All",
        members: rows.reduce((sum, row) => sum + row.members, 0),
        as_of: least(rows.map((row) => row.as_of)),
      };
    });
  }

  return { held, group, totals, groupOf, isOption, isShare, MONEY, GREEKS };
})();
