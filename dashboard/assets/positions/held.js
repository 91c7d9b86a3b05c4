/* What is held has changed: one callback hears it and tells all who show it, since Dash keeps only the last of several callbacks
   without an output that hear the same. */
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.mtz = Object.assign(window.dash_clientside.mtz || {}, {
  held: (message) => {
    if (!message) return;
    window.mtz.grids.positions(message);
    window.mtz.book.grid.take(message);
    window.mtz.drawer.grow();
  },
});
