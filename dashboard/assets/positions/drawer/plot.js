/* Profit and loss over the underlying's price, drawn as SVG: its axis is a price, which the charts of history don't have. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.plot = (function () {
  const HEIGHT = 330;
  const EDGE = { left: 66, right: 14, top: 26, bottom: 30 };
  const { format } = window.mtz;
  const shape = (...given) => window.mtz.control.parts.shape(...given);
  const box = () => document.getElementById("drawer-payoff-plot");
  let drawn = null; // { view, lines, width, x, y }
  let pointed = null; // a price

  function draw(view, lines) {
    const place = box();
    const width = Math.max(240, place.clientWidth);
    const scales = scale(view, lines, width);
    drawn = { view, lines, width, ...scales };
    const svg = shape("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" });
    svg.append(...grid(), ...areas(), ...lines.map(curve), ...marks());
    place.replaceChildren(svg);
    place.setAttribute("aria-label", told());
    point(pointed);
    watch(place);
  }

  function scale(view, lines, width) {
    const [low, high] = view.shown;
    const inside = (_, i) => view.spots[i] >= low && view.spots[i] <= high;
    const values = [0, ...lines.flatMap((line) => line.profits.filter(inside)).filter((value) => value !== null)];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const air = (most - least || 1) * 0.08;
    const [bottom, top] = [least - air, most + air];
    const [across, down] = [width - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
    return {
      x: (price) => EDGE.left + ((price - low) / (high - low)) * across,
      y: (value) => EDGE.top + ((top - value) / (top - bottom)) * down,
      price: (x) => Math.min(high, Math.max(low, low + ((x - EDGE.left) / across) * (high - low))),
      domain: { low, high, bottom, top },
    };
  }

  /* Round steps, about `count` of them. */
  function steps(from, to, count) {
    const rough = (to - from) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
    const found = [];
    for (let value = Math.ceil(from / step) * step; value <= to; value += step) found.push(Math.abs(value) < step / 1e6 ? 0 : value);
    return found;
  }

  const label = (words, attributes) => { const found = shape("text", attributes); found.textContent = words; return found; };

  function grid() {
    const { x, y, width, domain } = drawn;
    const found = [];
    for (const value of steps(domain.bottom, domain.top, 6)) {
      found.push(shape("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value), class: value === 0 ? "zero" : "grid" }));
      found.push(label(format.signed(value, 0), { x: EDGE.left - 8, y: y(value) + 4, "text-anchor": "end" }));
    }
    for (const price of steps(domain.low, domain.high, Math.max(3, Math.floor(width / 110)))) {
      found.push(shape("line", { x1: x(price), x2: x(price), y1: EDGE.top, y2: HEIGHT - EDGE.bottom, class: "grid" }));
      found.push(label(format.price(price), { x: x(price), y: HEIGHT - 10, "text-anchor": "middle" }));
    }
    return found;
  }

  const known = (line) => drawn.view.spots.map((price, i) => [price, line.profits[i]])
    .filter(([price, value]) => value !== null && price >= drawn.domain.low && price <= drawn.domain.high);
  const path = (points) => points.map(([price, value], i) => `${i ? "L" : "M"}${drawn.x(price).toFixed(1)} ${drawn.y(value).toFixed(1)}`).join("");

  function curve(line) {
    return shape("path", { d: path(known(line)), class: `curve ${line.kind} line-${line.look}` });
  }

  /* Under the curve at expiry: above zero and below it, each as far as the line; breaks at the break-evens. */
  function areas() {
    const line = drawn.lines.find((each) => each.kind === "expiry");
    if (!line) return [];
    const points = known(line);
    return [["above", Math.max], ["below", Math.min]].map(([name, clip]) => {
      const edge = points.map(([price, value]) => [price, clip(0, value)]);
      const ends = [[edge[edge.length - 1][0], 0], [edge[0][0], 0]];
      return shape("path", { d: `${path([...edge, ...ends])}Z`, class: `area ${name}` });
    });
  }

  function marks() {
    const { x, y, view, domain } = drawn;
    const here = x(view.underlying.price);
    const found = [
      shape("line", { x1: here, x2: here, y1: EDGE.top, y2: HEIGHT - EDGE.bottom, class: "spot" }),
      label(`now ${format.price(view.underlying.price)}`, { x: here, y: EDGE.top - 10, "text-anchor": "middle", class: "strong" }),
    ];
    for (const price of view.break_evens.filter((each) => each > domain.low && each < domain.high)) {
      const [left, zero] = [x(price), y(0)];
      found.push(shape("path", { d: `M${left} ${zero - 6}l6 6l-6 6l-6 -6Z`, class: "break-even" }));
      found.push(label(format.number(price), { x: left, y: zero - 12, "text-anchor": "middle", class: "strong" }));
    }
    return found;
  }

  /* The value of a line at a price, between the two next to it. */
  function valueAt(line, price) {
    const { spots } = drawn.view;
    const after = spots.findIndex((spot) => spot >= price);
    if (after < 0) return null;
    const [left, right] = [line.profits[Math.max(0, after - 1)], line.profits[after]];
    if (left === null || right === null || after === 0) return right;
    return left + (right - left) * (price - spots[after - 1]) / (spots[after] - spots[after - 1]);
  }

  /* Show the values at a price; null: at the price now. */
  function point(price) {
    pointed = price;
    const { view, lines, x } = drawn;
    const here = price === null ? view.underlying.price : price;
    const svg = box().querySelector("svg");
    svg.querySelector(".pointed")?.remove();
    if (price !== null) svg.append(shape("line", { x1: x(price), x2: x(price), y1: EDGE.top, y2: HEIGHT - EDGE.bottom, class: "pointed" }));
    const part = (name, words, tone, look) => {
      const { element } = window.mtz.control.parts;
      return element("span", { className: "legend-part" }, [
        ...(look ? [element("span", { className: `swatch line-${look}` })] : []),
        element("span", { className: "legend-name", textContent: name }), element("span", { className: `legend-value ${tone}`, textContent: words }),
      ]);
    };
    document.getElementById("drawer-payoff-legend").replaceChildren(
      part("Price", format.price(here), ""),
      ...lines.map((line) => { const value = valueAt(line, here); return part(line.name, format.signed(value), format.direction(value), line.look); }),
    );
  }

  function told() {
    const { view, lines } = drawn;
    const values = lines.map((line) => `${line.name}: ${format.signed(line.at_spot)} at the price now`).join("; ");
    return `Chart: profit and loss of ${view.symbol} over its price. ${values}. Arrow keys move along it; the button Table shows it as numbers.`;
  }

  function watch(place) {
    if (place.dataset.watched) return;
    place.dataset.watched = "yes";
    place.addEventListener("pointermove", (event) => { if (drawn) point(drawn.price(event.clientX - place.getBoundingClientRect().left)); });
    place.addEventListener("pointerleave", () => { if (drawn) point(null); });
    place.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!drawn || (!step && event.key !== "Home")) return;
      event.preventDefault();
      const { domain, view } = drawn;
      const from = pointed === null ? view.underlying.price : pointed;
      point(event.key === "Home" ? null : Math.min(domain.high, Math.max(domain.low, from + (step * (domain.high - domain.low)) / 50)));
    });
    new ResizeObserver(() => { if (drawn && place.isConnected && place.clientWidth && Math.abs(place.clientWidth - drawn.width) > 1) draw(drawn.view, drawn.lines); }).observe(place);
  }

  return { draw };
})();
