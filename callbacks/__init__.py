"""What the pages do: `register_all` gives the application its layout and every callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbacks import live, overview, shell, stylesheet

if TYPE_CHECKING:
    import dash

    from data.reads import Reads


def register_all(app: dash.Dash, reads: Reads, benchmark: str = "SPY") -> None:
    """Give `app` its layout (a function: every page load reads anew) and every callback."""
    stylesheet.register(app)
    shell.register(app, reads, benchmark)
    live.register(app, reads)
    overview.register(app)
