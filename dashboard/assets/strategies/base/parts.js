/* Copies of the cards' structure and their places; lists whose lines are kept where they stay the same. */
window.mtz = window.mtz || {};
window.mtz.control = window.mtz.control || {};

window.mtz.control.parts = (function () {
  const SVG = "http://www.w3.org/2000/svg";
  const places = new WeakMap(); // element → its parts by name

  function copy(template) {
    return document.getElementById(template).content.firstElementChild.cloneNode(true);
  }

  function part(element, name) {
    if (!places.has(element)) {
      places.set(element, new Map([...element.querySelectorAll("[data-part]")].map((each) => [each.dataset.part, each])));
    }
    return places.get(element).get(name);
  }

  /* Write a place's text; with `tone` it carries that class beside its own. */
  function fill(element, name, words, tone) {
    const place = part(element, name);
    if (!place) return null;
    write(place, words === null || words === undefined ? "" : words);
    if (tone !== undefined) toned(place, tone);
    return place;
  }

  function write(place, words) {
    if (place.textContent !== words) place.textContent = words;
  }

  function toned(place, tone) {
    if (place.dataset.tone === tone) return;
    place.dataset.tone = tone;
  }

  function show(place, shown) {
    if (place.hidden === shown) place.hidden = !shown;
  }

  const attribute = (place, name, value) => { if (place.getAttribute(name) !== value) place.setAttribute(name, value); };

  function element(name, properties = {}, children = []) {
    const found = Object.assign(document.createElement(name), properties);
    found.append(...children);
    return found;
  }

  const drawn = new WeakMap(); // list → what it was drawn from

  /* Draw a list anew when what it shows has changed. */
  function list(place, items, draw) {
    const text = JSON.stringify(items);
    if (drawn.get(place) === text) return;
    drawn.set(place, text);
    place.replaceChildren(...items.map(draw));
    show(place, items.length > 0);
  }

  /* A line of values from left to right with zero as a thin line; null leaves a hole. */
  function sparkline(place, values, words) {
    const text = JSON.stringify(values);
    if (drawn.get(place) === text) return;
    drawn.set(place, text);
    attribute(place, "aria-label", words);
    const known = values.filter((value) => typeof value === "number");
    if (known.length < 2) {
      place.replaceChildren(element("span", { className: "quiet", textContent: "no history yet" }));
      return;
    }
    place.replaceChildren(drawLine(values, known));
  }

  function drawLine(values, known) {
    const [width, height, edge] = [120, 36, 2];
    const low = Math.min(0, ...known);
    const high = Math.max(0, ...known);
    const x = (i) => (values.length > 1 ? (i / (values.length - 1)) * width : 0);
    const y = (value) => edge + (1 - (value - low) / (high - low || 1)) * (height - 2 * edge);
    let path = "";
    values.forEach((value, i) => {
      if (typeof value !== "number") return;
      path += `${typeof values[i - 1] === "number" ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    });
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    svg.append(shape("line", { x1: 0, x2: width, y1: y(0), y2: y(0), class: "zero" }));
    svg.append(shape("path", { d: path, class: known[known.length - 1] < 0 ? "below" : "above" }));
    return svg;
  }

  function shape(name, attributes) {
    const found = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    return found;
  }

  /* As many children of `box` as there are items, in their order, made once and kept by their key. */
  function keyed(box, items, keyOf, make) {
    const before = new Map([...box.children].map((child) => [child.dataset.key, child]));
    items.forEach((item, i) => {
      const key = keyOf(item);
      let child = before.get(key);
      if (!child) {
        child = make(item);
        child.dataset.key = key;
      }
      before.delete(key);
      if (box.children[i] !== child) box.insertBefore(child, box.children[i] || null);
    });
    for (const child of before.values()) child.remove();
    return [...box.children];
  }

  return { copy, part, fill, write, toned, show, attribute, element, list, sparkline, shape, keyed };
})();
