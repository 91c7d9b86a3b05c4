/* The note and the tags of an underlying, and whether its trades count in statistics. */
window.mtz = window.mtz || {};
window.mtz.book = window.mtz.book || {};

window.mtz.book.notes = (function () {
  const form = window.mtz.book.noteForm("drawer-note", "drawer-note", {
    text: "What is worth remembering of this underlying",
    excluded: "Leave its roll chains out of the win rate on the Overview and of the results on Trades",
  });
  return { show: (symbol) => form.show(`underlyings/${encodeURIComponent(symbol)}/notes`, symbol) };
})();
