"""What the pages do: `register_all` gives the application its layout and every callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callbacks import asked, bundle, live, overview, shell, strategies, stylesheet

if TYPE_CHECKING:
    from collections.abc import Callable

    import dash

    from data.assigning import Assignments
    from data.audit import Caller
    from data.commands import Commands
    from data.previews import Previews
    from data.reads import Reads
    from layouts.state import Reader


def nobody_is_refused() -> None:
    """Everybody who reaches the page may give commands."""


def nobody_is_known() -> None:
    """The page says nothing of who reads it."""


def register_all(
    app: dash.Dash,
    reads: Reads,
    commands: Commands,
    assignments: Assignments,
    previews: Previews,
    who: Callable[[], Caller],
    refusal: Callable[[], str | None] = nobody_is_refused,
    benchmark: str = "SPY",
    reader: Callable[[], Reader | None] = nobody_is_known,
) -> None:
    """Give `app` its layout (a function: every page load reads anew) and every callback.

    `who` says who gives a command, and raises where they may not; `refusal` says that beforehand: why the reader may give none.
    `reader` is who asks for a page.
    """
    asked.register(app)
    stylesheet.register(app)
    bundle.register(app)
    shell.register(app, reads, benchmark, refusal, reader)
    live.register(app, reads)
    overview.register(app)
    strategies.register(app, reads, commands, assignments, previews, who)
