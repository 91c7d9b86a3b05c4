"""What the pages do: `register_all` gives the application its layout and every callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbacks import live, overview, shell, strategies, stylesheet

if TYPE_CHECKING:
    from collections.abc import Callable

    import dash

    from data.audit import Caller
    from data.commands import Commands
    from data.previews import Previews
    from data.reads import Reads


def nobody_is_refused() -> None:
    """Everybody who reaches the page may give commands."""


def register_all(
    app: dash.Dash,
    reads: Reads,
    commands: Commands,
    previews: Previews,
    who: Callable[[], Caller],
    refusal: Callable[[], str | None] = nobody_is_refused,
    benchmark: str = "SPY",
) -> None:
    """Give `app` its layout (a function: every page load reads anew) and every callback.

    `who` says who gives a command, and raises where they may not; `refusal` says that beforehand: why the reader may give none.
    """
    stylesheet.register(app)
    shell.register(app, reads, benchmark, refusal)
    live.register(app, reads)
    overview.register(app)
    strategies.register(app, commands, previews, who)
