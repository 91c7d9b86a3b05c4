/* Writing to the page: only what changed, with a short flash where a number moved. */
window.mtz = window.mtz || {};

window.mtz.ui = (function () {
  const shown = new Map(); // component id → the properties it was given last
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const FLASH_MS = 450;
  const flashing = new Map(); // element → when it is calm again
  let timer = null;

  /* What plain elements are given is written to them: of what passes through Dash it tells every component of the page. */
  const WRITE = {
    children: (element, value) => (typeof value === "object" ? element.replaceChildren(...[value].flat().map(build)) : text(element, value)),
    className: (element, names) => { element.className = names; },
    hidden: (element, is) => { element.hidden = is; },
    disabled: (element, is) => { element.disabled = is; },
    href: (element, address) => element.setAttribute("href", address),
    title: (element, words) => element.setAttribute("title", words),
    dateTime: (element, iso) => element.setAttribute("datetime", iso),
  };
  const COMES_AND_GOES = ".offcanvas, .popover"; // Dash makes anew what is in them each time

  /* How `value` is written to `element`; undefined: that is Dash's to do. */
  function writer(element, name, value) {
    if (!element || element.closest(COMES_AND_GOES) || (typeof value === "object" && !element.closest("[data-still]"))) return undefined;
    return WRITE[name] || (name.startsWith("aria-") ? () => element.setAttribute(name, value) : undefined);
  }

  /* Give a component those of `props` that changed; true when any did. */
  function show(id, props) {
    const before = shown.get(id) || {};
    const fresh = Object.entries(props).filter(([name, value]) => before[name] !== value);
    if (!fresh.length) return false;
    shown.set(id, { ...before, ...props });
    const element = document.getElementById(id);
    const forDash = [];
    for (const [name, value] of fresh) {
      const write = writer(element, name, value);
      if (write) write(element, value);
      else forDash.push([name, value]);
    }
    if (forDash.length) window.dash_clientside.set_props(id, Object.fromEntries(forDash));
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
    } else if (words || node) {
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

  /* The element that Dash would make of it. */
  function build(item) {
    if (typeof item !== "object") return document.createTextNode(item);
    const element = document.createElement(item.type);
    for (const [name, value] of Object.entries(item.props)) (WRITE[name] || (() => element.setAttribute(name, value)))(element, value);
    return element;
  }

  return { show, flash, text, isShown, moment, component };
})();
