"""Who reads: name and role, the way to the account and out; and the word that nobody had to log in."""

from __future__ import annotations

from dash import html

from layouts.state import Reader

OPEN = "No log-in: the demo is for this machine only (docs/users.md)."


def user_menu(reader: Reader | None) -> html.Details | None:
    if reader is None or not reader.has_account:
        return None
    links = [html.A("Password, app, tokens", href="/account/")]
    if reader.may_manage:
        links.append(html.A("Users", href="/account/users/"))
    return html.Details(
        [
            html.Summary(html.Span(reader.name), **{"aria-label": f"Account of {reader.name}"}),
            html.Div(
                [
                    html.Div([reader.name, " · ", reader.role], className="who"),
                    *links,
                    html.Button("Log out", id="log-out", type="button"),
                ],
                className="user-menu",
            ),
        ],
        className="user",
    )


def open_banner(reader: Reader | None) -> html.P | None:
    return None if reader is None or reader.has_account else html.P(OPEN, className="banner", role="note")
