/* Writing to the page: only what changed, with a short flash where a number moved. */
window.mtz = window.mtz || {};

window.mtz.ui = (function () {
  const shown = new Map(); // component id → the properties it was given last
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const FLASH_MS = 450;
  const flashing = new Map(); // element → when it is calm again
  let timer = null;

  /* Give a component those of `props` that changed; true when any did. */
  function show(id, props) {
    const before = shown.get(id) || {};
    const fresh = Object.entries(props).filter(([name, value]) => before[name] !== value);
    if (!fresh.length) return false;
    shown.set(id, { ...before, ...props });
    window.dash_clientside.set_props(id, Object.fromEntries(fresh));
    return true;
  }

  /* A number moved: its ground is coloured for a moment. Set and taken away once: an animation would paint every frame of it. */
  function flash(element, direction) {
    if (!element || calm.matches || document.hidden) return;
    element.dataset.flash = direction > 0 ? "up" : "down";
    flashing.set(element, Date.now() + FLASH_MS);
    if (timer === null) timer = setTimeout(rest, FLASH_MS);
  }

  function rest() {
    const now = Date.now();
    for (const [element, until] of flashing) {
      if (until > now) continue;
      delete element.dataset.flash;
      flashing.delete(element);
    }
    timer = flashing.size ? setTimeout(rest, FLASH_MS / 3) : null;
  }

  /* The text node that React made stays: it may write to it again. */
  function text(element, words) {
    const node = element.firstChild;
    if (node && node.nodeType === Node.TEXT_NODE) {
      if (node.nodeValue !== words) node.nodeValue = words;
    } else if (words) {
      element.textContent = words;
    }
  }

  /* Whether a page, or another section, is there and looked at. */
  function isShown(id) {
    const section = document.getElementById(id);
    return Boolean(section) && !section.hidden;
  }

  /* The moment of a <time>, written to the page itself: it changes with every message, and Dash tells every component of every change. */
  function moment(id, iso) {
    const element = document.getElementById(id);
    if (element && element.getAttribute("datetime") !== iso) element.setAttribute("datetime", iso);
  }

  /* A Dash component made in the browser. */
  function component(type, props) {
    return { namespace: "dash_html_components", type, props };
  }

  return { show, flash, text, isShown, moment, component };
})();
