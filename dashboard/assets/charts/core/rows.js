/* An answer's buckets as the rows of a chart, and back from a row's place to its time.

   Rows stand side by side however much time lies between them: a night takes no room. Where data is missing there are a few
   empty rows instead, which carry the gap. Pure functions; times are seconds since the epoch. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.rows = (function () {
  const DAY = 86400;
  const SILENCE_S = 90; // a sample a minute is stored while the feed is proven alive
  const OPENS = 9 * 60 + 30; // of the regular session, in New York
  const CLOSES = 16 * 60;
  const STRIDE_S = 600;
  const GAP_SHARE = 0.06; // so much of the width one gap takes at most
  const UNEXPLAINED = "no sample was stored.";

  const seconds = (iso) => (iso === null ? Infinity : Date.parse(iso) / 1000);
  const newYork = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York", hourCycle: "h23", weekday: "short", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
  });
  const weekday = (day) => { const n = new Date(day * 1000).getUTCDay(); return n !== 0 && n !== 6; };

  /* { rows, gaps }: `outages` as in the answer, `step` a bucket's length; `steady`: in a session there is a sample a minute, so
     that silence is a gap even if nobody noted an outage. */
  function lay(items, step, outages, steady = false) {
    const known = items.filter((item) => item.close !== null && item.close !== undefined);
    const room = Math.max(2, Math.floor(known.length * GAP_SHARE));
    const rows = [];
    const gaps = [];
    known.forEach((item, i) => {
      const gap = i && gapBetween(known[i - 1].time, item.time, step, outages, steady);
      if (gap) {
        gaps.push(gap);
        rows.push(...blanks(gap, known[i - 1].time, item.time, step, room));
      }
      rows.push({ ...item, gap: null });
    });
    return { rows, gaps };
  }

  /* Why nothing was stored between two buckets though something should have been: { from, to, reason }; null between sessions.
     A bucket's data may be as late as its end. */
  function gapBetween(before, after, step, outages, steady) {
    if (after <= before + step) return null;
    for (const outage of outages) {
      const from = Math.max(seconds(outage.started), before);
      const to = Math.min(seconds(outage.ended), after);
      if (to > from && emptied(before + step, after, from, to, step)) return { from, to, reason: outage.reason };
    }
    const silent = steady && step < DAY && session(before) !== null && session(before) === session(after - 1);
    if (silent && after - before > Math.max(SILENCE_S + step, 2.5 * step)) return { from: before, to: after, reason: UNEXPLAINED };
    return null;
  }

  /* Whether an outage of [from, to) is why [before, after) is empty: it took half of it, or of the time when the market is open.
     A night with the gateway's restart in it is a night. Of days a whole weekday must be missing. */
  function emptied(before, after, from, to, step) {
    if (step >= DAY) return weekdayWithin(from, to);
    if (to - from >= (after - before) / 2) return true;
    for (let time = from; time < to; time += STRIDE_S) if (time >= before - step && session(time) !== null) return true;
    return false;
  }

  function weekdayWithin(from, to) {
    for (let day = Math.ceil(from / DAY) * DAY; day + DAY <= to; day += DAY) if (weekday(day)) return true;
    return false;
  }

  /* The date of the regular session that a moment lies in, else null; holidays aren't known here, but then nothing is stored. */
  function session(time) {
    const part = Object.fromEntries(newYork.formatToParts(new Date(time * 1000)).map(({ type, value }) => [type, value]));
    const minute = Number(part.hour) * 60 + Number(part.minute);
    const closed = part.weekday === "Sat" || part.weekday === "Sun" || minute < OPENS || minute >= CLOSES;
    return closed ? null : `${part.month}/${part.day}`;
  }

  function blanks(gap, before, after, step, room) {
    const missing = Math.round((after - before) / step) - 1;
    const count = Math.max(1, Math.min(missing, room));
    const every = (after - before) / (count + 1);
    const rows = [];
    for (let i = 1; i <= count; i += 1) {
      const time = Math.floor(before + i * every);
      if (time > before && time < after && (!rows.length || time > rows[rows.length - 1].time)) rows.push({ time, gap });
    }
    return rows;
  }

  /* The time at a place between rows; outside of them it goes on by steps. */
  function timeAt(rows, index, step) {
    if (!rows.length) return null;
    const last = rows.length - 1;
    if (index <= 0) return rows[0].time + index * step;
    if (index >= last) return rows[last].time + (index - last) * step;
    const low = Math.floor(index);
    return rows[low].time + (index - low) * (rows[low + 1].time - rows[low].time);
  }

  /* The place of a time; the reverse of timeAt. */
  function placeOf(rows, time, step) {
    if (!rows.length) return 0;
    const last = rows.length - 1;
    if (time <= rows[0].time) return (time - rows[0].time) / step;
    if (time >= rows[last].time) return last + (time - rows[last].time) / step;
    const low = lowerThan(rows, time);
    return low + (time - rows[low].time) / (rows[low + 1].time - rows[low].time);
  }

  /* A place of `before` among the rows of `after` (both { rows, step }): the same time; where it lies outside of `before`, as many
     steps beyond its end, since a night that was not loaded takes no room either. */
  function carried(place, before, after) {
    const last = before.rows.length - 1;
    const inside = Math.max(0, Math.min(last, place));
    const ratio = before.step / after.step;
    return placeOf(after.rows, timeAt(before.rows, inside, before.step), after.step) + (place - inside) * ratio;
  }

  /* How long the rows last, in seconds. */
  const extent = (rows, step) => (rows.length ? rows[rows.length - 1].time + step - rows[0].time : Infinity);

  /* The last row at or before a time. */
  function lowerThan(rows, time) {
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (rows[middle].time <= time) low = middle; else high = middle - 1;
    }
    return low;
  }

  /* The newest row with a value of now in it: { row, fresh } where `fresh` says that it is a new bucket; null when nothing
     changes. Of days only the server knows when a new one begins; of a night it keeps what changed. */
  function grown(rows, step, time, value, open) {
    const last = rows[rows.length - 1];
    if (!last || last.gap || time < last.time || value === null) return null;
    const bucket = step < DAY ? Math.max(last.time, Math.floor(time / step) * step) : last.time;
    if (value === last.close && (bucket === last.time || !open)) return null;
    const change = value - last.close;
    if (bucket > last.time) {
      const ends = { high: Math.max(last.close, value), low: Math.min(last.close, value) };
      const percent = compounded(last.return_pct, last.close, 0, change);
      return { fresh: true, row: { time: bucket, open: last.close, ...ends, close: value, pnl: change, return_pct: percent, gap: null } };
    }
    const pnl = last.pnl || 0;
    return {
      fresh: false,
      row: {
        ...last, close: value, high: Math.max(last.high, value), low: Math.min(last.low, value),
        pnl: last.pnl === null ? null : pnl + change,
        return_pct: compounded(last.return_pct, last.close - pnl, pnl, change),
      },
    };
  }

  /* A return in percent when the P&L of its last bucket, which began at `base`, grows from `before` by `change`. */
  function compounded(percent, base, before, change) {
    if (percent === null || percent === undefined || !(base > 0)) return percent === undefined ? null : percent;
    const earlier = (1 + percent / 100) / (1 + before / base);
    return (earlier * (1 + (before + change) / base) - 1) * 100;
  }

  /* P&L and time-weighted return of some rows: from the close before the first one where that is known (its row has a P&L), else
     from the first one's close, to the close of the last. */
  function performance(rows) {
    const known = rows.filter((row) => !row.gap);
    if (!known.length) return { pnl: null, percent: null, from: null };
    const [first, last] = [known[0], known[known.length - 1]];
    const counts = Number.isFinite(first.pnl);
    if (!counts && known.length < 2) return { pnl: null, percent: null, from: first.time };
    const parts = (counts ? known : known.slice(1)).map((row) => row.pnl);
    const pnl = parts.some((part) => part === null || part === undefined) ? null : parts.reduce((sum, part) => sum + part, 0);
    const both = Number.isFinite(first.return_pct) && Number.isFinite(last.return_pct) && first.return_pct > -100;
    const own = counts && first.close - first.pnl > 0 ? first.pnl / (first.close - first.pnl) : 0; // the first row's own return
    const percent = both ? (((1 + last.return_pct / 100) * (1 + own)) / (1 + first.return_pct / 100) - 1) * 100 : null;
    return { pnl, percent, from: first.time };
  }

  return { lay, timeAt, placeOf, carried, extent, lowerThan, grown, performance, seconds, DAY };
})();
