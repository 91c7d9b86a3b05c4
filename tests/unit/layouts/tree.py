"""Walking a layout as Dash would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component

from layouts.components.grid import TABLE


def components(root: Any) -> Iterator[Component]:
    """`root` and everything in it, in the order of the page."""
    if isinstance(root, list | tuple):
        for part in root:
            yield from components(part)
    elif isinstance(root, Component):
        yield root
        yield from components(getattr(root, "children", None))


def ids(root: Any) -> list[str]:
    """Those of the tables, which the browser makes, among them."""
    found = [part.id for part in components(root) if getattr(part, "id", None)]
    return found + [
        json.loads(getattr(part, TABLE))["props"]["id"] for part in components(root) if hasattr(part, TABLE)
    ]


def by_id(root: Any, wanted: str) -> Component:
    return next(part for part in components(root) if getattr(part, "id", None) == wanted)


def text(root: Any) -> str:
    """Every word in `root`."""
    if isinstance(root, str | int | float):
        return str(root)
    if isinstance(root, list | tuple):
        return " ".join(filter(None, map(text, root)))
    return text(getattr(root, "children", None) or "") if isinstance(root, Component) else ""
