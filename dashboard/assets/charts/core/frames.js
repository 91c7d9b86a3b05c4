/* Time frames, and what must be fetched when the reader pans or zooms. Times are seconds since the epoch. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.frames = (function () {
  const NAMES = ["1D", "1W", "1M", "3M", "YTD", "1Y", "All"]; // what each means the server knows: trading days
  const FIRST = "1D";
  const KEY = "mtz-frame";
  const MARGIN = 0.5; // of what is seen, on both sides: panning a little needs no question
  const REST_S = 4 * 86400; // a weekend with a holiday: when older data are wanted there must be some in the answer
  const FINEST_S = 60;

  /* The span to fetch for what is seen, null when what is there will do.
     `seen`: { from, to, bars, before, after } (`before`: room is shown left of the oldest row, `after` likewise)
     `loaded`: { from, to, first, last, step, bars, length } (`length`: of what was seen when it was asked for)
     `fits`: how many points fit into the plot's width. */
  function wanted(seen, loaded, fits) {
    const length = Math.max(seen.to - seen.from, loaded.step);
    const older = seen.before && loaded.from > loaded.first;
    const newer = seen.after && loaded.to < loaded.last;
    const finer = loaded.step > FINEST_S && seen.bars < fits / 2 && length < loaded.length / 1.5;
    if (!older && !newer && !finer) return null;
    const near = length * MARGIN;
    const far = Math.max(near, loaded.reach, REST_S);
    const from = Math.floor(seen.from - (older ? far : near));
    const to = Math.ceil(seen.to + (newer ? far : near));
    return { from: from > loaded.first ? from : null, to: to < loaded.last ? to : null, length, older, newer };
  }

  function remembered(key) {
    try {
      const name = localStorage.getItem(`${KEY}-${key}`);
      return NAMES.includes(name) ? name : FIRST;
    } catch {
      return FIRST; // a browser that keeps nothing
    }
  }

  function remember(key, name) {
    try {
      localStorage.setItem(`${KEY}-${key}`, name);
    } catch {
      // it lasts as long as the page
    }
  }

  return { NAMES, wanted, remembered, remember };
})();
