/* A form for the note and the tags of something, and whether it counts in statistics: as often as a page has room for one. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

/* `box` is the id of its place, `prefix` begins its parts' ids, `words` says what it asks for. */
window.mtz.book.noteForm = function noteForm(box, prefix, words) {
  const LONGEST = 4000; // as data/notes.py
  const { asks } = window.mtz.book;
  const { format, ui } = window.mtz;
  const FIELDS = ["text", "tags", "excluded", "save"];
  const place = (name) => document.getElementById(`${prefix}-${name}`);
  let path = null; // of REST
  let subject = null; // how people call it
  let version = 0;
  let touched = false;

  function say(sentence, tone = "") {
    place("said").textContent = sentence || "";
    place("said").dataset.tone = tone;
  }

  function make() {
    const { element } = window.mtz.control.parts;
    const label = (text, name, ...before) => element("label", { htmlFor: `${prefix}-${name}` }, [...before, text]);
    document.getElementById(box).replaceChildren(
      label("Note", "text"),
      element("textarea", { id: `${prefix}-text`, rows: 3, maxLength: LONGEST, placeholder: words.text }),
      label("Tags, with commas between them", "tags"),
      element("input", { id: `${prefix}-tags`, type: "text", autocomplete: "off" }),
      label(` ${words.excluded}`, "excluded", element("input", { id: `${prefix}-excluded`, type: "checkbox" })),
      element("div", { className: "manage-save" }, [
        element("button", { id: `${prefix}-save`, type: "button", className: "tool act", textContent: "Keep the note" }),
        element("span", { id: `${prefix}-said` }),
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

  /* Read the note of `wanted`, which people call `name`. */
  async function show(wanted, name) {
    path = wanted;
    subject = name;
    if (!place("text")) make();
    const none = window.mtz.control.commands.refusal();
    for (const field of FIELDS) place(field).disabled = true;
    try {
      const found = await asks.get(wanted);
      if (path !== wanted || !place("text")) return;
      fill(found);
      for (const field of FIELDS) place(field).disabled = none !== null;
      if (none) say(none, "bad");
    } catch (error) {
      if (path === wanted && place("said")) say(`The note can't be read: ${error.message}`, "bad");
    }
  }

  /* Somebody wrote: what they wrote is shown, unless the reader has begun to write; then their save is refused with a sentence. */
  async function reread() {
    const about = path;
    try {
      const found = await asks.get(about);
      if (path === about && !touched && place("text") && found.version !== version) fill(found);
    } catch (error) {
      // what is shown stays, and a save is refused if it is an older one's
    }
  }

  async function save() {
    const about = path;
    const tags = place("tags").value.split(",").map((tag) => tag.trim()).filter(Boolean);
    place("save").disabled = true;
    try {
      const found = await asks.put(about, { note: place("text").value, tags, excluded: place("excluded").checked, version });
      if (path !== about || !place("text")) return;
      fill(found);
      say("Kept.", "up");
      ui.show("announce", { children: `The note of ${subject} is kept.` });
    } catch (error) {
      if (path === about && place("said")) say(error.message, "bad");
    } finally {
      if (place("save")) place("save").disabled = false;
    }
  }

  document.addEventListener("click", (event) => { if (event.target.id === `${prefix}-save`) save(); });
  document.addEventListener("input", (event) => { if (event.target.id && event.target.id.startsWith(`${prefix}-`)) touched = true; });
  document.addEventListener("mtz:notes", () => { if (!touched && place("text") && place("text").offsetParent) reread(); });

  return { show };
};
