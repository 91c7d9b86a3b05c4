"""Who really asks, where a proxy stands between: its word is taken only when it is one of MTZ_TRUSTED_PROXIES."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


def resolve(environ: WSGIEnvironment, trusted: Networks) -> None:
    """Write the browser's address and scheme into `environ`; without a trusted proxy what was claimed is dropped."""
    claimed_for = environ.pop("HTTP_X_FORWARDED_FOR", "")
    claimed_proto = environ.pop("HTTP_X_FORWARDED_PROTO", "")
    if not trusted or not _is_trusted(environ.get("REMOTE_ADDR", ""), trusted):
        environ["wsgi.url_scheme"] = "http"  # we speak nothing else ourselves
        return
    environ["wsgi.url_scheme"] = "https" if claimed_proto.split(",")[-1].strip() == "https" else "http"
    # Each proxy appends whom it saw: from the right, the first that isn't one of ours.
    for address in (item.strip() for item in reversed(claimed_for.split(","))):
        if not _is_address(address):
            break
        environ["REMOTE_ADDR"] = address
        if not _is_trusted(address, trusted):
            break


def _is_trusted(address: str, trusted: Networks) -> bool:
    if not _is_address(address):
        return False
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:  # a socket for both families
        found = found.ipv4_mapped
    return any(found in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
