/* Numbers as text, the same to the character as layouts/format.py (a test runs both on the same values). */
window.mtz = window.mtz || {};

window.mtz.format = (function () {
  const UNKNOWN = "—";
  const MINUS = "−";
  const TOO_LARGE = 1e15;
  const NBSP = "\u00a0";
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function known(value) {
    return typeof value === "number" && Number.isFinite(value) && Math.abs(value) < TOO_LARGE;
  }

  function number(value, digits = 2, plus = false) {
    if (!known(value)) return UNKNOWN;
    const [whole, rest] = Math.abs(value).toFixed(digits).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    const text = rest ? `${grouped}.${rest}` : grouped;
    if (!/[1-9]/.test(text)) return text;
    return (value < 0 ? MINUS : plus ? "+" : "") + text;
  }

  function signed(value, digits = 2) {
    return number(value, digits, true);
  }

  function percent(value, digits = 2, plus = false) {
    const text = number(value, digits, plus);
    return text === UNKNOWN ? text : `${text}${NBSP}%`;
  }

  function fraction(value, digits = 1) {
    return percent(known(value) ? value * 100 : null, digits);
  }

  function trimmed(value, least, most) {
    let text = number(value, most);
    if (text === UNKNOWN) return text;
    for (let spare = most - least; spare && text.endsWith("0"); spare -= 1) text = text.slice(0, -1);
    return text.replace(/\.$/, "");
  }

  const price = (value) => trimmed(value, 2, 4);
  const quantity = (value) => trimmed(value, 0, 4);

  function age(seconds) {
    if (!known(seconds)) return UNKNOWN;
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 60) return `${whole}${NBSP}s`;
    if (whole < 3600) return `${Math.floor(whole / 60)}${NBSP}min`;
    return whole < 86400 ? `${Math.floor(whole / 3600)}${NBSP}h` : `${Math.floor(whole / 86400)}${NBSP}d`;
  }

  function span(seconds) {
    if (!known(seconds)) return UNKNOWN;
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 3600) return age(whole);
    const days = whole >= 86400;
    const large = days ? `${Math.floor(whole / 86400)}${NBSP}d` : `${Math.floor(whole / 3600)}${NBSP}h`;
    const small = days ? Math.floor((whole % 86400) / 3600) : Math.floor((whole % 3600) / 60);
    return small ? `${large} ${small}${NBSP}${days ? "h" : "min"}` : large;
  }

  function cardValue(value, unit, plus = false) {
    if (unit === "percent") return percent(value, 1, plus);
    if (unit === "fraction") return fraction(value);
    if (unit === "count") return number(value, 0);
    return number(value, 2, plus);
  }

  function cardChange(value, unit) {
    if (value === null || value === undefined) return "";
    return unit === "percent" ? percent(value, 2, true) : signed(value);
  }

  function direction(value, digits = 2) {
    const text = signed(value, digits);
    return text.startsWith("+") ? "up" : text.startsWith(MINUS) ? "down" : "flat";
  }

  /* AAPL 19 Dec 26 190 P; a stock is its symbol; a spread's own line says so, its legs stand beside it. */
  function contract(row) {
    if (!row.expiry) return row.sec_type === "BAG" ? `${row.symbol} combination` : row.symbol;
    const [year, month, day] = row.expiry.split("-");
    const date = `${Number(day)} ${MONTHS[Number(month) - 1]} ${year.slice(2)}`;
    return [row.symbol, date, row.strike === null ? "" : trimmed(row.strike, 0, 4), row.right || ""]
      .filter((part) => part !== "")
      .join(" ");
  }

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dayClock = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  });

  /* In the reader's zone: 14:02:05 today, 3 Dec 14:02 on another day. */
  function time(iso) {
    if (!iso) return UNKNOWN;
    const when = new Date(iso);
    return when.toDateString() === new Date().toDateString() ? clock.format(when) : dayClock.format(when).replace(",", "");
  }

  return {
    UNKNOWN, known, number, signed, percent, fraction, trimmed, price, quantity, age, span, cardValue, cardChange,
    direction, contract, time, zone,
  };
})();
