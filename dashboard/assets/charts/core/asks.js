/* Asking the server for a chart's data. The page fetches the same routes that programs use, for time frames, zoom and pan alike:
   a request can be given up when a newer one makes it needless, none waits behind another callback, the browser answers an
   unchanged one from its cache by the entity tag, and a chart says to the byte what REST says. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.asks = (function () {
  const FAILED = "The server doesn't answer.";

  /* The answer to GET `path`, or an Error whose message is for the reader. */
  async function get(path, params, signal) {
    const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== null && value !== undefined));
    let answer;
    try {
      answer = await fetch(`/api/analytics/${path}?${query}`, { signal, headers: { Accept: "application/json" } });
    } catch (error) {
      throw error.name === "AbortError" ? error : new Error(FAILED);
    }
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    throw Object.assign(new Error(found.detail || FAILED), { status: answer.status });
  }

  /* One question at a time: a new one gives the older up, whose answer is dropped however late it comes. */
  function line() {
    let current = null;

    /* What `load(signal)` gives, undefined when a newer question was asked meanwhile. */
    async function ask(load) {
      drop();
      const mine = new AbortController();
      current = mine;
      try {
        const found = await load(mine.signal);
        return mine === current ? found : undefined;
      } catch (error) {
        if (mine !== current || error.name === "AbortError") return undefined;
        throw error;
      } finally {
        if (mine === current) current = null;
      }
    }

    function drop() {
      if (current) current.abort();
      current = null;
    }

    return { ask, drop, busy: () => current !== null };
  }

  return { get, line };
})();
