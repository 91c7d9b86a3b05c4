/* Writing to the page: only what changed, with a short flash where a number moved. */
window.mtz = window.mtz || {};

window.mtz.ui = (function () {
  const shown = new Map(); // component id → the properties it was given last
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const FLASH = { duration: 700, easing: "ease-out" };

  /* Give a component those of `props` that changed; true when any did. */
  function show(id, props) {
    const before = shown.get(id) || {};
    const fresh = Object.entries(props).filter(([name, value]) => before[name] !== value);
    if (!fresh.length) return false;
    shown.set(id, { ...before, ...props });
    window.dash_clientside.set_props(id, Object.fromEntries(fresh));
    return true;
  }

  function flash(element, direction) {
    if (!element || calm.matches || document.hidden) return;
    const colour = getComputedStyle(element).getPropertyValue(direction > 0 ? "--mtz-flash-up" : "--mtz-flash-down");
    element.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], FLASH);
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

  /* A Dash component made in the browser. */
  function component(type, props) {
    return { namespace: "dash_html_components", type, props };
  }

  return { show, flash, text, component };
})();
