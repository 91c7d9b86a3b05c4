/* One WebSocket, kept: it comes back by itself, and the intervals rest while it works. */
window.mtz = window.mtz || {};

window.mtz.socket = (function () {
  const TOPICS = ["portfolio", "positions", "trades", "status", "strategies", "notes"];
  const FIRST_MS = 300;
  const LAST_MS = 10000;
  const PING_AFTER_MS = 10000;
  const DEAD_AFTER_MS = 20000;
  let socket = null;
  let works = false; // it brought something: an open one alone proves nothing
  let delay = FIRST_MS;
  let timer = null;
  let heardAt = 0;
  let lives = 0;

  function connect() {
    timer = null;
    const { account } = window.mtz.state.state;
    if (socket || !account) return;
    socket = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`);
    const mine = socket;
    heardAt = Date.now();
    socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", topics: TOPICS, account }));
    socket.onmessage = (event) => { if (mine === socket) hear(JSON.parse(event.data)); };
    socket.onclose = (event) => {
      window.mtz.session.closed(event);
      if (mine === socket) lost();
    };
  }

  function hear(message) {
    heardAt = Date.now();
    window.mtz.feed.heard();
    if (!works && message.account === window.mtz.state.state.account) {
      works = true;
      delay = FIRST_MS;
      lives += 1;
      if (lives > 1) window.mtz.state.believe();
      window.mtz.feed.rest();
      window.mtz.feed.ask(lives > 1 ? "everything" : "now"); // what happened between the page and the socket
    }
    window.mtz.state.receive(message);
    // What a fill changes beside itself (the month's premium) isn't pushed.
    if (message.type === "trade.executed") window.mtz.feed.ask("now", 400);
  }

  function lost() {
    socket = null;
    if (works) {
      works = false;
      window.mtz.feed.rest();
      window.mtz.feed.ask("now");
    }
    clearTimeout(timer);
    timer = setTimeout(connect, delay * (0.5 + Math.random() / 2));
    delay = Math.min(delay * 2, LAST_MS);
  }

  function drop() {
    const old = socket;
    socket = null;
    if (old) old.close();
  }

  /* Another account: a new socket begins with its whole state. */
  function restart() {
    drop();
    works = false;
    window.mtz.feed.rest();
    clearTimeout(timer);
    connect();
  }

  function hurry() {
    if (socket || document.hidden) return;
    delay = FIRST_MS;
    clearTimeout(timer);
    connect();
  }

  /* Silence is asked, and believed only when no answer comes. */
  window.mtz.clock.everySecond(() => {
    if (!socket) return;
    const silent = Date.now() - heardAt;
    if (silent > DEAD_AFTER_MS) {
      drop();
      lost();
    } else if (silent > PING_AFTER_MS && socket.readyState === WebSocket.OPEN) {
      socket.send('{"type":"ping"}');
    }
  });

  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);

  return { restart, working: () => works };
})();
