/* Asking and telling the server of what is held, by the same routes that programs use. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.asks = (function () {
  const SILENT = "The server doesn't answer.";

  /* The answer of `path`, or an Error whose message is for the reader (`.status` where there was an answer). */
  async function ask(path, params = {}, options = {}) {
    const query = new URLSearchParams({ account: window.mtz.state.state.account, ...params });
    let answer;
    try {
      answer = await fetch(`/api/${path}?${query}`, { ...options, headers: { Accept: "application/json", ...options.headers } });
    } catch {
      throw new Error(SILENT);
    }
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    throw Object.assign(new Error(found.detail || SILENT), { status: answer.status });
  }

  const put = (path, value) => ask(path, {}, { method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
  const remove = (path) => ask(path, {}, { method: "DELETE" });

  return { get: ask, put, remove };
})();
