/* Where the numbers come from: the socket while it works, else the intervals' callbacks. */
window.mtz = window.mtz || {};

window.mtz.feed = (function () {
  const SILENT_MS = 8000; // nobody answered for so long: the server is away
  const { state, receive, forget } = window.mtz.state;
  let heardAt = Date.now();
  let begun = false;
  let asked = 0;
  let askTimer = null;

  const heard = () => { heardAt = Date.now(); };
  const serverAway = () => !document.hidden && Date.now() - heardAt > SILENT_MS;

  /* While the socket works, and while nobody looks, the interval rests. */
  function rest() {
    const disabled = window.mtz.socket.working() || document.hidden;
    window.mtz.ui.show("fast-interval", { disabled });
  }

  /* An interval waits for the answer to its question; one that is lost with a dead server never comes. */
  window.mtz.clock.everySecond(() => {
    if (!serverAway()) return;
    window.dash_clientside.set_props("fast-interval", { max_intervals: -1 });
  });

  /* Ask the callbacks soon, once for however many reasons there are. */
  function ask(what, wait = 120) {
    clearTimeout(askTimer);
    if (what === "everything") window.mtz.equity.refresh();
    askTimer = setTimeout(() => {
      asked += 1;
      window.mtz.state.tellKnown();
      window.dash_clientside.set_props("ask", { data: asked });
    }, wait);
  }

  /* What a callback answered; the first layout carries the first one. */
  function answer(found) {
    begun = true;
    window.mtz.clock.start();
    heard();
    state.problem = found.problem;
    if (found.source) state.source = found.source;
    if (found.accounts.length && String(found.accounts) !== String(state.accounts)) {
      state.accounts = found.accounts;
      const options = found.accounts.map((account) => ({ label: account, value: account }));
      window.dash_clientside.set_props("account-picker", { options, value: state.account || found.account });
      window.mtz.ui.show("account-box", { hidden: found.accounts.length < 2 });
    }
    if (found.account && !state.account) follow(found.account);
    found.messages.forEach(receive);
    window.mtz.connection.render();
  }

  /* Show this account from now on. */
  function follow(account) {
    if (account === state.account) return;
    const before = state.account;
    forget(account);
    window.dash_clientside.set_props("account", { data: account });
    window.mtz.ui.show("overview-content", { hidden: false });
    window.mtz.ui.show("waiting", { hidden: true });
    for (const name of ["positions", "trades"]) {
      window.mtz.ui.show(`${name}-csv`, { href: `/api/exports/${name}.csv?account=${encodeURIComponent(account)}` });
    }
    if (before) {
      document.cookie = `mtz-account=${encodeURIComponent(account)}; path=/; max-age=31536000; samesite=strict`;
      window.mtz.cards.clear();
      window.mtz.grids.clear();
      ask("everything", 0);
    }
    window.mtz.equity.follow();
    window.mtz.socket.restart();
    document.dispatchEvent(new CustomEvent("mtz:account"));
  }

  document.addEventListener("visibilitychange", () => {
    if (!begun) return; // the page isn't there yet
    if (!document.hidden) {
      heard(); // a hidden page wasn't listening
      if (window.mtz.socket.working()) window.mtz.equity.refresh(); // it drew nothing meanwhile
      else ask("everything");
    }
    rest();
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
    answered: (found, config) => {
      state.config = config;
      answer(found);
    },
    pick: (account) => { if (account && state.account) follow(account); },
  });

  return { rest, ask, heard, serverAway };
})();
