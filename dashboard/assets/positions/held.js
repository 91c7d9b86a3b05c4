/* What is held has changed: all who show it are told. Not by a store of Dash's: it tells every component of the page of every
   change, and that would cost more than all the rest of a tick. */
window.mtz = window.mtz || {};

window.mtz.held = (message) => {
  window.mtz.grids.positions(message);
  window.mtz.book.grid.take(message);
  window.mtz.drawer.grow();
  window.mtz.cards.tick();
};
