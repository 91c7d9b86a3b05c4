/* Reports: files are uploaded and their import is followed; statements, how far they agree, and what doesn't. */
window.mtz = window.mtz || {};

window.mtz.reports = (function () {
  const POLL_MS = 700;
  const { state } = window.mtz.state;
  const place = (id) => document.getElementById(id);
  const make = (...parts) => window.mtz.control.parts.element(...parts);
  let shown = false;
  let timer = null;

  async function ask(address, options) {
    let answer;
    try {
      answer = await window.fetch(address, options);
    } catch {
      throw new Error("The server doesn't answer: nothing changed. Try again when it is back.");
    }
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.detail || `The server refused this (${answer.status}).`);
    return body;
  }

  const account = () => (state.account ? `?account=${encodeURIComponent(state.account)}` : "");

  function tell(sentence) {
    const box = place("reports-problem");
    box.textContent = sentence || "";
    box.hidden = !sentence;
  }

  /* -- statements and breaks ------------------------------------------------------------------------------------------ */

  async function refresh() {
    if (!state.account) return;
    try {
      draw(await ask(`/api/reconciliation/${account()}`));
      const figures = ["total_pnl", "daily_pnl"];
      const views = await Promise.all(figures.map((name) => ask(`/api/reconciliation/bridge${account()}&figure=${name}`)));
      place("bridge").replaceChildren(...views.map(drawBridge));
      tell("");
    } catch (error) {
      tell(error.message);
    }
  }

  const money = (text, unit) => (text === null ? "—" : unit === "money" && Number.isFinite(Number(text)) ? window.mtz.format.number(Number(text)) : text);

  function draw(view) {
    const breaks = view.items.flatMap((item) => (item.report ? item.report.breaks.map((found) => ({ ...found, item })) : []));
    place("statements-empty").hidden = view.items.length > 0;
    place("reports-note").textContent = view.as_of ? `compared ${window.mtz.format.time(view.as_of)}` : "";
    place("breaks-note").textContent = view.open_breaks === null ? "no statement has been compared yet"
      : view.open_breaks === 0 ? "none: everything that both sides say agrees" : `${view.open_breaks} open`;
    place("breaks").replaceChildren(...breaks.map(drawBreak));
    place("statements").replaceChildren(...view.items.map(drawStatement));
    for (const link of document.querySelectorAll("a.export")) link.href = `/api/exports/${link.dataset.file}.csv${account()}`;
  }

  function values(found) {
    return make("dl", { className: "facts" }, [
      ...[[found.left_name, money(found.left, found.unit)], [found.right_name, money(found.right, found.unit)],
        ["difference", money(found.difference, found.unit)]].flatMap(([name, words]) => [
        make("dt", { textContent: name }), make("dd", { textContent: words === "—" || !found.currency ? words : `${words} ${found.currency}` })]),
    ]);
  }

  function drawBreak(found) {
    const more = found.more_suspects ? ` and ${found.more_suspects} more` : "";
    const parts = [
      make("p", { className: "break-title", textContent: found.title }),
      values(found),
      make("p", { className: "quiet", textContent: `Where to look: ${found.where}` }),
    ];
    if (found.suspects.length) parts.push(make("p", { className: "quiet", textContent: `Likely wrong: ${found.suspects.join("; ")}${more}.` }));
    if (found.follows.length) {
      parts.push(make("details", {}, [
        make("summary", { textContent: `${found.follows.length} more that follow from it` }),
        ...found.follows.map((each) => make("div", { className: "follows" }, [make("p", { textContent: each.title }), values(each)])),
      ]));
    }
    const item = make("article", { className: "break" }, parts);
    item.setAttribute("role", "listitem");
    return item;
  }

  const OPENED = ["income", "earlier", "premium"];

  /* From our figure to the broker's, step by step; what isn't known is a dash. */
  function drawBridge(view) {
    const { signed } = window.mtz.format;
    const title = view.figure === "total_pnl" ? "Total P&L" : "Day P&L";
    if (view.ours === null || view.broker === null) {
      return make("p", { className: "quiet", textContent: `${title}: ours or the broker's isn't known yet.` });
    }
    /* A step whose rows are known opens them. */
    const figure = (cause, amount) => (OPENED.includes(cause) && amount
      ? window.mtz.rows.button(signed(amount), { kind: "bridge", path: "reconciliation/bridge/rows", params: { figure: view.figure, cause }, title: `${title}: ${cause}` })
      : signed(amount));
    const line = (words, amount, reason, className = "") => make("tr", { className }, [
      make("th", { scope: "row", textContent: words, title: reason }), make("td", { className: "num" }, [figure(words, amount)]), make("td", { className: "quiet", textContent: reason })]);
    const box = make("div", { className: "scrolls", tabIndex: 0 }, [make("table", { className: "plain" }, [
      make("caption", { textContent: `${title}, ${view.currency || ""}` }),
      make("tbody", {}, [
        line(view.ours_name, view.ours, "", "total"),
        ...view.steps.map((step) => line(step.cause, step.amount, step.amount === null ? `${step.reason} How much isn't known: it is in unexplained.` : step.reason)),
        line(view.broker_name, view.broker, "", "total"),
      ]),
    ])]);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `${title}: from ours to the broker's`);
    return box;
  }

  function drawStatement(item) {
    const { report } = item;
    const head = make("summary", {}, [
      make("span", { className: "statement-days", textContent: `${item.first_day} to ${item.last_day}` }),
      make("span", { className: "quiet", textContent: summary(report) }),
    ]);
    return make("details", { className: "statement" }, [
      head,
      make("p", { className: "quiet", textContent: `${item.file_name}, generated ${window.mtz.format.time(item.generated_at)}, imported ${window.mtz.format.time(item.imported_at)}` }),
      ...(report ? [table(report.compared), ...lacking(report.lacking), ...noted(report.noted)] : []),
    ]);
  }

  function summary(report) {
    if (!report) return "another statement says these days anew, or it is not compared yet";
    const checks = report.compared.reduce((sum, each) => sum + each.checked, 0);
    const exact = report.compared.reduce((sum, each) => sum + each.exact, 0);
    const breaks = report.open_breaks === 0 ? "no break" : report.open_breaks === 1 ? "1 break" : `${report.open_breaks} breaks`;
    return `${report.trades} trades, ${report.days} days: ${exact} of ${checks} checks match to 0.00, ${breaks}`;
  }

  function table(compared) {
    const cells = (tag, texts) => texts.map((text, i) => make(tag, { textContent: text, className: i ? "num" : "" }));
    const rows = compared.map((each) => make("tr", {}, cells("td", [each.title, each.checked, each.agree, each.exact].map(String))));
    const box = make("div", { className: "scrolls", tabIndex: 0 }, [make("table", { className: "plain" }, [
      make("thead", {}, [make("tr", {}, cells("th", ["What is compared", "checks", "agree", "to 0.00"]))]), make("tbody", {}, rows)])]);
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "What is compared");
    return box;
  }

  const lacking = (sentences) => (sentences.length ? [make("p", { textContent: "What the file lacks:" }), make("ul", {}, sentences.map((words) => make("li", { textContent: words })))] : []);

  const noted = (items) => (items.length ? [make("details", {}, [
    make("summary", { textContent: `${items.length} differ by the marks: samples are taken at other moments than the broker's prices` }),
    ...items.map((each) => make("div", { className: "follows" }, [make("p", { textContent: each.title }), values(each)]))])] : []);

  /* -- uploads ---------------------------------------------------------------------------------------------------------- */

  function offer() {
    const box = place("upload");
    if (!box || box.firstChild) return;
    const { refusal } = state.config;
    if (refusal) {
      box.append(make("p", { className: "quiet", textContent: refusal }));
      return;
    }
    const input = make("input", { type: "file", id: "upload-input", multiple: true, accept: ".xml,text/xml,application/xml", className: "visually-hidden" });
    const label = make("label", { className: "drop", htmlFor: "upload-input" }, [
      make("strong", { textContent: "Choose Flex files" }), make("span", { textContent: " or drop them here" }),
      make("span", { className: "quiet", textContent: "Activity Flex XML, several at once, up to 256 MB each" }),
    ]);
    input.addEventListener("change", () => { send([...input.files]); input.value = ""; });
    for (const kind of ["dragenter", "dragover"]) label.addEventListener(kind, (event) => { event.preventDefault(); label.classList.add("over"); });
    for (const kind of ["dragleave", "drop"]) label.addEventListener(kind, () => label.classList.remove("over"));
    label.addEventListener("drop", (event) => { event.preventDefault(); send([...event.dataTransfer.files]); });
    box.append(input, label);
  }

  async function send(files) {
    tell("");
    for (const file of files) {
      try {
        await ask(`/api/statements/uploads?name=${encodeURIComponent(file.name.slice(0, 200))}`, { method: "POST", body: file, headers: { "Content-Type": "application/xml" } });
      } catch (error) {
        tell(`${file.name}: ${error.message}`);
      }
      await follow();
    }
  }

  /* What was uploaded lately, again and again while something is being imported. */
  async function follow() {
    clearTimeout(timer);
    try {
      const { items } = await ask("/api/statements/uploads");
      const wasBusy = place("uploads").dataset.busy === "true";
      const busy = items.some((item) => item.state === "importing");
      place("uploads").dataset.busy = String(busy);
      window.mtz.control.parts.list(place("uploads"), items.slice(0, 10), drawUpload);
      if (busy && shown) timer = setTimeout(follow, POLL_MS);
      if (wasBusy && !busy) {
        window.mtz.ui.show("announce", { children: `${items[0].name} ${WORDS[items[0].state]}.` });
        refresh();
      }
    } catch (error) {
      tell(error.message);
      if (shown) timer = setTimeout(follow, 4 * POLL_MS);
    }
  }

  const WORDS = { importing: "is being imported…", done: "imported", failed: "not imported" };

  function drawUpload(item) {
    const found = make("div", { className: `upload-item ${item.state}` }, [
      make("strong", { textContent: item.name }), make("span", { className: "quiet", textContent: ` ${WORDS[item.state]}` }),
      ...(item.problem ? [make("p", { textContent: item.problem })] : []),
      ...told(item.result).map((words) => make("p", { className: "quiet", textContent: words })),
    ]);
    found.setAttribute("role", "listitem");
    return found;
  }

  const count = (number, one, many) => `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;

  /* What each statement of a file brought, what it lacks and what was left out of it. */
  function told(result) {
    const statements = ((result && result.files) || []).flatMap((file) => file.statements || []);
    return statements.flatMap((each) => [brought(each), ...each.lacks, ...each.dropped]);
  }

  function brought(each) {
    const what = `${each.account}, ${each.first_day} to ${each.last_day}: `;
    if (each.state === "known") return `${what}known already, nothing changed.`;
    const parts = [
      `${count(each.trades, "trade", "trades")}, ${each.new_executions.toLocaleString("en-US")} of them new`,
      count(each.cash_transactions, "cash transaction", "cash transactions"),
      `net asset values of ${count(each.days, "day", "days")}`,
      each.open_breaks ? `${count(each.open_breaks, "break", "breaks")} with the account's statements` : "no break",
    ];
    return `${what}${parts.join("; ")}.`;
  }

  document.addEventListener("mtz:page", (event) => {
    shown = event.detail === "reports";
    clearTimeout(timer);
    if (!shown) return;
    offer();
    refresh();
    follow();
  });

  document.addEventListener("mtz:account", () => { if (shown) refresh(); });

  return { refresh };
})();
