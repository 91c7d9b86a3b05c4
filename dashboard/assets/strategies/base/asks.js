/* Questions to the server by callbacks: a store with the question, a store with its answer. One of a kind after the other, since
   Dash forgets the answer of a question that is overtaken. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.asks = (function () {
  const PATIENCE_MS = 12000;
  const SILENT = "The server doesn't answer, so it isn't known whether this was done. Look at the state that is shown once it answers again; the same command is never given twice.";
  const lines = new Map(); // question → the end of its queue
  const waiting = new Map(); // number → { resolve, reject }
  let number = 0;

  /* A refused question (no session, no right, too many) has no answer in its store: its sentence is in the response. */
  const plain = window.fetch;
  window.fetch = async (resource, options) => {
    const response = await plain(resource, options);
    if (!response.ok && String(resource.url || resource).includes("_dash-update-component")) refused(response.clone(), options);
    return response;
  };

  async function refused(response, options) {
    let n = null;
    let detail = `The server refused this (${response.status}).`;
    try {
      const [input] = JSON.parse(options.body).inputs;
      n = input && input.value && input.value.n;
      detail = (await response.json()).detail || detail;
    } catch {
      // not a question of ours, or no sentence in it
    }
    if (waiting.has(n)) answered({ n, problem: detail });
  }

  const key = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;

  /* The answer's data; rejected with a sentence (`.problem` carries the whole answer). */
  function ask(question, data) {
    const turn = (lines.get(question) || Promise.resolve()).then(() => put(question, data));
    lines.set(question, turn.catch(() => {}));
    return turn;
  }

  function put(question, data) {
    number += 1;
    const mine = number;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { waiting.delete(mine); reject(new Error(SILENT)); }, PATIENCE_MS);
      waiting.set(mine, { resolve, reject, timer });
      window.dash_clientside.set_props(`${question}-ask`, { data: { ...data, n: mine } });
    });
  }

  function answered(found) {
    const asker = found && waiting.get(found.n);
    if (!asker) return;
    waiting.delete(found.n);
    clearTimeout(asker.timer);
    if (found.problem) asker.reject(Object.assign(new Error(found.problem), { answer: found }));
    else asker.resolve(found.data);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, { answeredQuestion: answered });

  return { ask, key };
})();
