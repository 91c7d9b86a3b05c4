"""What of the page stands still is given to the browser as HTML.

Dash tells every component of every change of any, at a page's load of each by itself: a thousand components cost more than all
else. So whatever holds nothing but plain elements becomes one component, whose parts assets/base/ui.js writes to.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from dash.development.base_component import Component

from layouts.components.grid import TABLE

PLAIN = "dash_html_components"
NAMES = {"className": "class", "htmlFor": "for"}  # the others are HTML's, in small letters
VOID = frozenset({"br", "hr", "img"})
MADE_ANEW = frozenset({"Offcanvas", "Popover"})  # by Dash each time they open: what is in them is Dash's to write


def still(part: Any) -> Any:
    """`part`, a component, a text or a list of them, with each largest plain piece of it made one."""
    if isinstance(part, list | tuple):
        return [still(each) for each in part]
    if not isinstance(part, Component) or part._type in MADE_ANEW:
        return part
    children = getattr(part, "children", None)
    if children is None or isinstance(children, str | int | float):
        return part  # by itself it is one already
    if not _is_plain(part):
        part.children = still(children)
        return part
    given = _given(part)
    return {
        "namespace": PLAIN,
        "type": part._type,
        "props": given | {"data-still": "", "dangerouslySetInnerHTML": {"__html": "".join(_markup(children))}},
    }


def _given(part: Component) -> dict[str, Any]:
    return {name: value for name, value in part.to_plotly_json()["props"].items() if name != "children"}


def _is_plain(part: Any) -> bool:
    if isinstance(part, list | tuple):
        return all(map(_is_plain, part))
    if not isinstance(part, Component):
        return True
    is_box = hasattr(part, TABLE)  # Dash will be told of what comes into it
    return part._namespace == PLAIN and not is_box and _is_plain(getattr(part, "children", None))


def _markup(part: Any) -> Iterable[str]:
    if isinstance(part, list | tuple):
        for each in part:
            yield from _markup(each)
    elif isinstance(part, Component):
        tag = part._type.lower()
        yield f"<{tag}{''.join(_attributes(part))}>"
        yield from _markup(getattr(part, "children", None))
        if tag not in VOID:
            yield f"</{tag}>"
    elif part is not None:
        yield escape(str(part), quote=False)


def _attributes(part: Component) -> Iterable[str]:
    for name, value in sorted(_given(part).items()):
        if name == "style":
            value = ";".join(f"{_kebab(each)}:{words}" for each, words in value.items())
        if name.startswith(("aria-", "data-")) and value is not None:
            yield f' {name}="{escape(str(value))}"'
        elif value is True:
            yield f" {name.lower()}"
        elif value is not None and value is not False:
            yield f' {NAMES.get(name, name.lower())}="{escape(str(value))}"'


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
