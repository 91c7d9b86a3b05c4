"""A strategy's card, whole on the Strategies page and small on the Overview: the structure; assets/strategies/ copies and fills it.

The browser finds a place by its `data-part` and a button by its `data-do`. Strategies come and go while a page is open, so
that no place has an id of its own.
"""

from __future__ import annotations

from typing import Any

from dash import html

from layouts import ids
from layouts.format import UNKNOWN

# A figure's part, its name, and whether its rule can be asked for.
FIGURES = [
    ("capital", "Capital at risk", True),
    ("allocation", "Allocation", True),
    ("exposure", "Exposure", True),
    ("win_rate", "Win rate", True),
    ("last_run", "Last run", False),
    ("next_run", "Next run", False),
]


def card_templates() -> list[html.Template]:
    return [
        html.Template(_card(), id=ids.CARD_TEMPLATE),
        html.Template(_mini(), id=ids.MINI_TEMPLATE),
    ]


def _card() -> html.Article:
    return html.Article(
        [
            html.Div(
                [
                    html.Div(
                        [html.H3(part("title"), tabIndex=-1), html.P([part("bot"), part("symbols", "strategy-symbols")], className="strategy-of")],
                        className="strategy-name",
                    ),
                    part("state", "chip"),
                ],
                className="strategy-head",
            ),
            html.P([part("bot_state", "bot-state"), part("bot_words")], className="strategy-bot"),
            html.Div([_pnl("pnl_day", "Day P&L"), _pnl("pnl_total", "Total P&L"), _sparkline()], className="strategy-pnl"),
            html.Dl([_figure(*figure) for figure in FIGURES], className="strategy-figures"),
            _command(),
            _decisions(),
            html.Div(_buttons(), className="strategy-buttons", role="group", **{"aria-label": "Commands"}),
            html.P(className="strategy-said", role="status", **{"data-part": "said"}),
        ],
        className="strategy",
    )  # fmt: skip


def _mini() -> html.Article:
    return html.Article(
        [
            html.Div([html.H3(html.A(part("title"), href="/strategies", **{"data-part": "link"})), part("state", "chip small")], className="mini-head"),
            html.Div([_pnl("pnl_day", "Day P&L"), _sparkline()], className="mini-body"),
            html.P([part("bot_state", "bot-state"), part("line")], className="mini-foot"),
        ],
        className="mini",
    )  # fmt: skip


def _pnl(name: str, title: str) -> html.Div:
    return html.Div(
        [
            html.P([title, why(name, title)], className="figure-name"),
            html.P(UNKNOWN, className="strategy-figure num", **{"data-part": name}),
            html.P(className="figure-note", **{"data-part": f"{name}_note"}),
        ]
    )


def _sparkline() -> html.Div:
    return html.Div(className="sparkline", role="img", **{"data-part": "sparkline", "aria-label": "Total P&L"})


def _figure(name: str, title: str, has_rule: bool) -> html.Div:
    return html.Div(
        [
            html.Dt([title, why(name, title) if has_rule else None], className="figure-name"),
            html.Dd(UNKNOWN, className="num", **{"data-part": name}),
            html.Dd(className="figure-note", **{"data-part": f"{name}_note"}),
        ]
    )


def _command() -> html.Section:
    """How far the newest command is, what remains, and the symbols that are paused by themselves."""
    return html.Section(
        [
            html.P([part("command"), html.Time("", className="age", **{"data-part": "command_age"})], className="command-line"),
            html.Ol([html.Li([part(f"step{n}", "step-name"), part(f"step{n}_time", "step-time num")], **{"data-part": f"step{n}_box"}) for n in (1, 2, 3)],
                    className="steps", **{"data-part": "steps", "aria-label": "How far the command is"}),
            html.P(className="command-detail", **{"data-part": "detail"}),
            html.Ul(className="remaining", **{"data-part": "remaining", "aria-label": "Orders that still work"}),
            html.Ul(className="symbol-states", **{"data-part": "symbol_states", "aria-label": "Single symbols"}),
        ],
        className="strategy-command",
    )  # fmt: skip


def _decisions() -> html.Section:
    return html.Section(
        [html.H4("Last decisions"), html.Ul(className="decisions", **{"data-part": "decisions"})],
        className="strategy-decisions",
    )


def _buttons() -> list[Any]:
    return [
        _button("Pause", "pause"),
        _button("Resume…", "resume"),
        _button("Stop…", "stop", "danger"),
        html.Details(
            [
                html.Summary("More", className="tool"),
                html.Div(
                    [
                        _button("Pause openings only", "pause-opening"),
                        _button("Pause one symbol…", "pause-symbol"),
                        _button("Preview the next run…", "preview"),
                        _button("Show its decisions", "decisions"),
                    ],
                    className="more-list",
                ),
            ],
            className="more",
        ),
    ]


def _button(words: str, what: str, tone: str = "") -> html.Button:
    return html.Button(words, type="button", className=f"tool act {tone}".strip(), **{"data-do": what})


def why(name: str, title: str) -> html.Button:
    """Opens the rule of a figure; assets/strategies/base/why.js has the words."""
    return html.Button(
        "why", type="button", className="why", **{"data-why": name, "aria-label": f"Why: where {title} comes from", "aria-haspopup": "dialog"}
    )  # fmt: skip


def part(name: str, class_name: str = "") -> html.Span:
    """A place whose text the browser writes."""
    return html.Span(className=class_name, **{"data-part": name})
