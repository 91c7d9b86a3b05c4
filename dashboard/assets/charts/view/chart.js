/* One chart of history on the page: it asks for a time frame, follows the reader's panning and zooming with finer or older data,
   and grows with what happens now. The data on it stay until the new have come. */
window.mtz = window.mtz || {};
window.mtz.charts = window.mtz.charts || {};

window.mtz.charts.Chart = (function () {
  const { asks, frames, rows: layout, style, legend, table, gaps } = window.mtz.charts;
  const MOST_POINTS = 750; // an answer stays below 100 kB
  const ZOOM_POINTS = 1500; // with a margin on both sides of what is seen
  const PIXELS = { area: 1, candles: 2.5 }; // that a point needs
  const SCALE_WIDTH = 72; // the price scale, as long as the plot can't be measured
  const PAUSE_MS = 160; // panning and zooming have paused
  const FITTED_MS = 400;
  const REFRESH_MS = 60000;
  const SILENCE_S = 90;
  const FETCHED = "mtz:painted";

  const paragraph = (words) => window.mtz.ui.component("P", { children: words });

  /* The lower pane's name, in its corner. */
  const name = (words) => ({
    pane: 1, horzAlign: "left", vertAlign: "top",
    lines: [{ text: words, color: style.palette().text, fontSize: 11, lineHeight: 20, fontFamily: style.palette().font }],
  });

  class Chart {
    constructor(key) {
      this.key = key;
      this.source = null;
      this.frame = frames.remembered(key);
      this.look = { style: "area", benchmark: false, technical: window.mtz.charts.technical.remembered() };
      this.line = asks.line();
      this.nonce = 0;
      this.forget();
    }

    forget() {
      this.data = null;
      this.window = null; // as it was asked for
      this.places = null; // what is seen, as places between the rows
      this.whole = true; // all that is loaded is seen
      this.length = Infinity;
      this.reach = 0;
      this.table = false;
    }

    id(part) { return `${this.key}-${part}`; }

    set(part, props) { window.dash_clientside.set_props(this.id(part), props); }

    update(part, props) { window.mtz.ui.show(this.id(part), props); }

    /* Show another thing; null: nothing, the chart rests. */
    watch(source) {
      this.line.drop();
      clearTimeout(this.timer);
      const { table: shown } = this;
      this.forget();
      this.source = source;
      this.set("chart", { series: [], paneOptions: [], watermark: null });
      this.update("legend", { children: "" });
      this.update("empty", { hidden: true });
      gaps.tell(this, null);
      if (shown) this.toggleTable();
      if (source) this.choose(this.frame);
    }

    /* How many points fit into the plot's width. */
    fits() {
      const plot = document.getElementById(this.id("plot"));
      const width = plot ? Math.max(plot.clientWidth - SCALE_WIDTH, 0) : 0;
      return Math.max(60, Math.min(MOST_POINTS, Math.floor((width || MOST_POINTS) / PIXELS[this.look.style])));
    }

    /* A part of what is stored comes with margins at its sides, so twice as many. */
    pointsFor({ from = null, to = null }) {
      return from === null && to === null ? this.fits() : Math.min(ZOOM_POINTS, 2 * this.fits());
    }

    choose(frame) {
      performance.mark(FETCHED);
      this.frame = frame;
      frames.remember(this.key, frame);
      for (const name of frames.NAMES) this.update(`frame-${name}`, { "aria-pressed": String(name === frame) });
      this.whole = true;
      this.chosen = true;
      clearTimeout(this.timer); // what was seen before doesn't matter any more
      this.fetch({ frame, points: this.fits() }, true);
    }

    /* Ask for a window; the answer is drawn unless a newer question was asked meanwhile. */
    async fetch(window_, measured = false) {
      const { source } = this;
      if (!source || !window.mtz.state.state.account) return;
      try {
        const found = await this.line.ask((signal) => source.load(window_, signal, this.look));
        if (found === undefined || source !== this.source) return;
        this.take(found, window_);
        if (measured) this.painted();
      } catch (error) {
        this.failed(error);
      }
    }

    /* New data: all of it is shown, or what was seen stays where it was. */
    take(found, window_) {
      const before = this.data;
      this.chosen = false;
      const kept = !this.whole && before && before.rows.length && this.places;
      const places = kept ? [this.places.from, this.places.to].map((place) => layout.carried(place, before, found)) : null;
      if (window_.older && before && found.rows.length && before.rows.length && found.rows[0].time >= before.rows[0].time) this.reach = Math.max(2 * this.reach, 8 * layout.DAY);
      else this.reach = 0;
      this.data = found;
      this.window = window_;
      this.length = window_.length || layout.extent(found.rows, found.step);
      this.data.fits = this.fits();
      this.draw(places);
      this.tell();
    }

    /* `places`: what is to be seen, null for all of it. */
    draw(places = null) {
      const { data, source, look } = this;
      if (!data || !source) return;
      const props = {
        chartOptions: style.options(data.step >= layout.DAY),
        series: source.series(data, look, style.palette()),
        paneOptions: [{ stretchFactor: 3 }, ...Array(source.panes(look)).fill({ stretchFactor: 1 })],
      };
      if (source.below) props.watermark = name(source.below);
      this.nonce += 1;
      if (places) props.visibleLogicalRange = this.nudged(...places);
      else props.timeScaleAction = { action: "fitContent", nonce: this.nonce };
      this.set("chart", props);
      if (places) this.places = { from: places[0], to: places[1] };
      else this.fit();
    }

    /* The chart was told to show all of it and does so with its next picture; if that changes nothing it doesn't say so. */
    fit() {
      this.places = { from: 0, to: Math.max(this.data.rows.length - 1, 0) };
      this.fitting = true;
      clearTimeout(this.fitted);
      this.fitted = setTimeout(() => this.held(), FITTED_MS);
    }

    /* A range that the chart hasn't reported lately: it would take it for an echo. */
    nudged(from, to) {
      this.nonce += 1;
      return { from: from + (this.nonce % 1000) * 1e-7, to };
    }

    painted() {
      requestAnimationFrame(() => requestAnimationFrame(() => {
        performance.clearMeasures(FETCHED);
        performance.measure(FETCHED, FETCHED);
      }));
    }

    failed(error) {
      this.chosen = false;
      const empty = !this.data || !this.data.rows.length;
      this.update("note", { children: empty ? "" : `not refreshed: ${error.message}` });
      if (empty) {
        this.update("empty", { hidden: false });
        this.update("empty", { children: paragraph(error.message) });
      }
    }

    /* The words around the plot. */
    tell() {
      const { data, source } = this;
      const day = data.step >= layout.DAY ? "" : ` · times in ${window.mtz.format.zone}`;
      const partly = data.problem && data.rows.length ? ` · ${data.problem}` : "";
      this.update("note", { children: `${data.currency || ""} · a point is ${style.stepWords(data.step)}${day}${partly}` });
      this.update("empty", { hidden: data.rows.length > 0 });
      if (!data.rows.length) this.update("empty", { children: paragraph(data.problem || source.nothing) });
      gaps.tell(this, data);
      this.summarise();
      if (this.table) this.drawTable();
    }

    columns() { return this.source ? this.source.columns(this.look) : []; }

    /* Rows with what the source adds to them. */
    rows() {
      const { data } = this;
      if (!data.benchmark) return data.rows;
      const beside = new Map(data.benchmark.map((point) => [point.time, point.value]));
      return data.rows.map((row) => ({ ...row, benchmark: beside.get(row.time) }));
    }

    /* The rows that are seen. */
    seen() {
      if (!this.data) return [];
      const rows = this.rows();
      if (this.whole || !this.places) return rows;
      return rows.slice(Math.max(0, Math.ceil(this.places.from - 0.01)), Math.max(0, Math.floor(this.places.to + 1.01)));
    }

    summarise() {
      if (this.data && this.source) this.update("legend", { children: legend.ofSpan(this.seen(), this.data, this.source) });
    }

    /* The crosshair moved: exact values of the row under it. */
    crosshair(event) {
      if (!this.data || !this.data.rows.length) return;
      const time = event && event.point ? event.time : null;
      if (typeof time !== "number") {
        if (this.pointed) this.summarise();
        this.pointed = false;
        return;
      }
      const rows = this.rows();
      const row = rows[layout.lowerThan(rows, time)];
      this.pointed = true;
      this.update("legend", { children: legend.ofRow(row, { ...this.data, rows }, this.columns()) });
    }

    /* The chart tells what is seen: after a pause it is judged whether something must be fetched. */
    moved(places) {
      if (!places || !this.data || !this.data.rows.length) return;
      const whole = places.from < 0.6 && places.to > this.data.rows.length - 1.6;
      const fitted = Math.abs(places.from) < 0.6 && Math.abs(places.to - this.data.rows.length + 1) < 0.6;
      if (this.fitting && !fitted) return; // new data came, and the chart hasn't fitted them in yet: nobody moved it
      this.fitting = false;
      this.places = places;
      this.whole = whole;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.judge(), PAUSE_MS);
    }

    judge() {
      const { data, places } = this;
      if (!data || !places || !this.source || this.chosen) return;
      if (!this.pointed) this.summarise();
      const last = data.rows.length - 1;
      const need = frames.wanted({
        from: layout.timeAt(data.rows, places.from, data.step), to: layout.timeAt(data.rows, places.to, data.step) + data.step,
        bars: places.to - places.from, before: places.from < -0.6, after: places.to > last + 0.6,
      }, { from: data.from, to: data.to, first: data.first, last: data.last, step: data.step, bars: last + 1, length: this.length, reach: this.reach }, this.fits());
      if (need) this.fetch({ ...need, points: this.pointsFor(need) });
    }

    /* Twice or half as much around the middle of what is seen. */
    zoom(factor) {
      if (!this.places) return;
      const { from, to } = this.places;
      const middle = (from + to) / 2;
      const half = Math.max((to - from) / 2 / factor, 2.5);
      this.range(middle - half, middle + half);
    }

    /* Move what is seen by a share of it. */
    pan(share) {
      if (!this.places) return;
      const by = (this.places.to - this.places.from) * share;
      this.range(this.places.from + by, this.places.to + by);
    }

    /* The reader takes hold of the chart. */
    held() { this.fitting = false; }

    range(from, to) {
      this.held();
      this.set("chart", { visibleLogicalRange: this.nudged(from, to) });
    }

    /* The same span again, for what came meanwhile: late rows, an outage, a deposit. */
    refresh() {
      const { status } = window.mtz.state.state;
      const away = status && status.database.reason !== null; // then there is nothing to be had; its return asks again
      if (away || !this.data || !this.window || this.line.busy() || document.hidden) return;
      const { frame, from, to, points } = this.window;
      this.fetch({ frame, from, to, points });
    }

    /* What happens now. `more` are fields of the newest row beside its price. */
    grow(time, value, open, more = {}) {
      const { data } = this;
      if (!data || !data.rows.length || data.to < data.last) return;
      const newest = data.rows[data.rows.length - 1];
      if (open && time - newest.time > SILENCE_S + 2 * data.step && data.step < layout.DAY) return this.refresh();
      const found = layout.grown(data.rows, data.step, time, value, open);
      if (!found) return;
      const row = { ...found.row, ...more };
      if (found.fresh) data.rows.push(row); else data.rows[data.rows.length - 1] = row;
      data.last = Math.max(data.last, time);
      this.tick(row, found.fresh);
      if (!this.pointed) this.summarise();
      if (data.rows.length > 1.3 * data.fits && this.whole) this.refresh(); // in wider steps
    }

    tick(row, fresh) {
      const { PRICE, PNL, point, bar } = window.mtz.charts.series;
      const ticks = [{ id: PRICE, bar: point(row, this.look.style) }];
      if (Number.isFinite(row.pnl)) ticks.push({ id: PNL, bar: bar(row, style.palette()) });
      const props = { tick: ticks };
      if (fresh && this.whole) {
        this.nonce += 1;
        props.timeScaleAction = { action: "fitContent", nonce: this.nonce };
        this.fit();
      }
      this.set("chart", props);
    }

    setStyle(name) {
      if (name === this.look.style) return;
      this.look.style = name;
      for (const each of Object.keys(PIXELS)) this.update(`style-${each}`, { "aria-pressed": String(each === name) });
      this.draw(this.whole ? null : [this.places.from, this.places.to]);
      if (this.window) this.fetch({ ...this.window, points: this.pointsFor(this.window) });
    }

    setBenchmark(on) {
      this.look.benchmark = on;
      this.update("benchmark-button", { "aria-pressed": String(on) });
      if (this.window) this.fetch(this.window);
    }

    setTechnical(name) {
      const { technical } = this.look;
      this.look.technical = technical.includes(name) ? technical.filter((each) => each !== name) : [...technical, name];
      window.mtz.charts.technical.remember(this.look.technical);
      this.tellTechnical();
      this.redraw();
    }

    tellTechnical() {
      for (const name of window.mtz.charts.technical.NAMES) {
        this.update(`technical-${name}`, { "aria-pressed": String(this.look.technical.includes(name)) });
      }
    }

    toggleTable() {
      this.table = !this.table;
      this.update("table", { hidden: !this.table });
      this.update("table-button", { "aria-pressed": String(this.table) });
      if (this.table && this.data) this.drawTable();
    }

    drawTable() {
      const box = document.getElementById(this.id("table"));
      if (box) box.replaceChildren(table.build(this.data, this.seen(), this.columns()));
    }

    csv() {
      if (this.data) table.save(this.source.file(), table.csv(this.data, this.seen(), this.columns()));
    }

    redraw() {
      if (!this.data) return;
      this.draw(this.whole || !this.places ? null : [this.places.from, this.places.to]);
      if (this.table) this.drawTable();
    }
  }

  return Object.assign(Chart, { REFRESH_MS });
})();
