/* Saying by hand which wheel cycle a round trip belongs to. Nothing here sends an order. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.placing = (function () {
  const OWN = "own"; // no cycle's name: those are execution ids
  const RULES = "rules";
  const LOOK_MS = 500;
  const LOOKS = 20; // the agent folds within two seconds
  const { asks } = window.mtz.book;
  const { ui } = window.mtz;
  const place = (name) => document.getElementById(`drawer-wheel-${name}`);
  const element = (...given) => window.mtz.control.parts.element(...given);
  const pause = () => new Promise((done) => { setTimeout(done, LOOK_MS); });

  /* A cell that says and changes the cycle of `trip`, which is shown as one of `shown.cycle`. `others`: value and words of
     the cycles to choose from; `again(cycle)` shows what became of it. */
  function cell(trip, shown, others, again) {
    const none = window.mtz.control.commands.refusal();
    const option = (value, textContent) => element("option", { value, textContent });
    const select = element("select", { className: "form-select form-select-sm", disabled: none !== null, title: none || "What rolls and assignments bind moves with it" }, [
      option(shown.cycle, trip.is_by_hand ? "This one (by hand)" : "This one"),
      ...others.map(([value, words]) => option(value, words)),
      option(OWN, "One of its own"),
      ...(trip.is_by_hand ? [option(RULES, "As the rules say")] : []),
    ]);
    select.setAttribute("aria-label", `Cycle of ${window.mtz.format.contract(trip)}`);
    select.value = shown.cycle;
    select.onchange = () => give(trip, shown, select, again);
    return element("td", {}, [select]);
  }

  async function give(trip, shown, select, again) {
    const path = `trades/round-trips/${trip.id}/cycle`;
    const wanted = select.value;
    select.disabled = true;
    say("Sending…");
    try {
      const before = await asks.get("wheel/cycles", { symbol: trip.symbol, limit: 1 });
      const found = wanted === RULES ? await asks.remove(path) : await asks.put(path, { cycle: wanted === OWN ? null : wanted });
      const words = found.is_new ? "It is kept; the book is folded anew." : "It is so already.";
      say(words);
      ui.show("announce", { children: words });
      if (found.is_new) await folded(trip.symbol, before.revision);
      again(wanted === OWN || wanted === RULES ? shown.cycle : wanted);
    } catch (error) {
      select.value = shown.cycle;
      say(error.message, "bad");
    } finally {
      select.disabled = false;
    }
  }

  /* When the book knows of it; or after a while, when the agent doesn't run. */
  async function folded(symbol, revision) {
    for (let looks = 0; looks < LOOKS; looks += 1) {
      await pause();
      const found = await asks.get("wheel/cycles", { symbol, limit: 1 });
      if (found.revision !== null && found.revision > (revision || 0)) return;
    }
    throw new Error("It is kept, but the book was not folded anew yet: it is as soon as the strategy agent runs.");
  }

  function say(words, tone = "") {
    const box = place("said");
    if (!box) return; // the drawer was closed meanwhile
    box.textContent = words;
    box.dataset.tone = tone === "bad" ? "down" : "";
  }

  return { cell, say };
})();
