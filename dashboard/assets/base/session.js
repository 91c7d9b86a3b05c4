/* The session of who reads: every change carries the token against forged requests, a session that ended leads to the log-in,
   and the server hears that somebody moved (what the page does by itself keeps no session alive). */
window.mtz = window.mtz || {};

window.mtz.session = (function () {
  const LOG_IN_AGAIN = 4401; // /ws: the session ended
  const TELL_MS = 30000;
  const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
  const plainFetch = window.fetch.bind(window);
  let leaving = false;
  let toldAt = 0;

  let cookie = "";

  function token() {
    if (!cookie) cookie = `${JSON.parse(document.getElementById("_dash-config").textContent).csrf_token_name}=`;
    const found = document.cookie.split("; ").find((item) => item.startsWith(cookie));
    return found ? decodeURIComponent(found.slice(cookie.length)) : "";
  }

  const ours = (address) => new URL(address, location.href).origin === location.origin;

  window.fetch = async (input, options = {}) => {
    const request = input instanceof Request ? input : null;
    const method = (options.method || (request && request.method) || "GET").toUpperCase();
    const mine = ours(request ? request.url : String(input));
    let sent = options;
    if (mine && !SAFE.has(method) && token()) {
      const headers = new Headers(options.headers || (request ? request.headers : {}));
      headers.set("X-CSRFToken", token());
      sent = { ...options, headers };
    }
    const answer = await plainFetch(input, sent);
    if (mine && answer.status === 401) ended();
    return answer;
  };

  /* To the log-in, and back here after it. */
  function ended() {
    if (leaving) return;
    leaving = true;
    location.assign(`/login?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);
  }

  const closed = (event) => { if (event.code === LOG_IN_AGAIN) ended(); };

  function moved() {
    const now = Date.now();
    if (!token() || now - toldAt < TELL_MS) return;
    toldAt = now;
    window.fetch("/account/active", { method: "POST" }).catch(() => {});
  }

  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    window.addEventListener(kind, moved, { passive: true, capture: true });
  }

  document.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target && target.closest("#log-out")) {
      leaving = true;
      await window.fetch("/logout", { method: "POST" }).catch(() => {});
      location.assign("/login");
      return;
    }
    const menu = document.querySelector("details.user[open]");
    if (menu && !(target && menu.contains(target))) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector("details.user[open]");
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  /* A page that the browser kept from before may show what its reader may no longer see. */
  window.addEventListener("pageshow", (event) => { if (event.persisted && token()) location.reload(); });

  return { ended, closed };
})();
