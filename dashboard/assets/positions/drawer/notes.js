/* The note and the tags of an underlying, and whether its trades count in statistics. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.notes = (function () {
  const LONGEST = 4000; // as data/notes.py
  const { asks } = window.mtz.book;
  const { format, ui } = window.mtz;
  const place = (name) => document.getElementById(`drawer-note-${name}`);
  const path = (symbol) => `underlyings/${encodeURIComponent(symbol)}/notes`;
  let symbol = null;
  let version = 0;
  let touched = false;

  function say(words, tone = "") {
    place("said").textContent = words || "";
    place("said").dataset.tone = tone;
  }

  /* The form, made where the drawer has room for it. */
  function make() {
    const { element } = window.mtz.control.parts;
    const label = (words, name, ...before) => element("label", { htmlFor: `drawer-note-${name}` }, [...before, words]);
    document.getElementById("drawer-note").replaceChildren(
      label("Note", "text"),
      element("textarea", { id: "drawer-note-text", rows: 3, maxLength: LONGEST, placeholder: "What is worth remembering of this underlying" }),
      label("Tags, with commas between them", "tags"),
      element("input", { id: "drawer-note-tags", type: "text", autocomplete: "off" }),
      label(" Leave its roll chains out of the win rate on the Overview", "excluded", element("input", { id: "drawer-note-excluded", type: "checkbox" })),
      element("div", { className: "manage-save" }, [
        element("button", { id: "drawer-note-save", type: "button", className: "tool act", textContent: "Keep the note" }),
        element("span", { id: "drawer-note-said" }),
      ]),
    );
    place("said").setAttribute("role", "status");
  }

  function fill(found) {
    ({ version } = found);
    touched = false;
    place("text").value = found.note;
    place("tags").value = found.tags.join(", ");
    place("excluded").checked = found.excluded;
    say(found.updated_at ? `Written ${format.time(found.updated_at)} by ${found.author || "somebody"}` : "");
  }

  async function show(wanted) {
    symbol = wanted;
    if (!place("text")) make();
    const none = window.mtz.control.commands.refusal();
    for (const name of ["text", "tags", "excluded", "save"]) place(name).disabled = true;
    try {
      const found = await asks.get(path(wanted));
      if (symbol !== wanted || !place("text")) return;
      fill(found);
      for (const name of ["text", "tags", "excluded", "save"]) place(name).disabled = none !== null;
      if (none) say(none, "bad");
    } catch (error) {
      if (symbol === wanted && place("said")) say(`The note can't be read: ${error.message}`, "bad");
    }
  }

  async function save() {
    const about = symbol;
    const tags = place("tags").value.split(",").map((tag) => tag.trim()).filter(Boolean);
    place("save").disabled = true;
    try {
      const found = await asks.put(path(about), { note: place("text").value, tags, excluded: place("excluded").checked, version });
      if (symbol !== about || !place("text")) return;
      fill(found);
      say("Kept.", "up");
      ui.show("announce", { children: `The note of ${about} is kept.` });
    } catch (error) {
      if (symbol === about && place("said")) say(error.message, "bad");
    } finally {
      if (place("save")) place("save").disabled = false;
    }
  }

  document.addEventListener("click", (event) => { if (event.target.id === "drawer-note-save") save(); });
  document.addEventListener("input", (event) => { if (event.target.id && event.target.id.startsWith("drawer-note-")) touched = true; });
  /* Somebody wrote: read again, unless the reader is writing; then their save is refused with a sentence. */
  document.addEventListener("mtz:notes", () => { if (!touched && place("text") && place("text").offsetParent) show(symbol); });

  return { show };
})();
