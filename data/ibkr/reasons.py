"""Why the link is not up, in sentences that say what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time

from data.model import GatewayState


class LinkError(Exception):
    """The link to the gateway could not be made, or is lost: the state it is in, and a sentence for the user."""

    def __init__(self, state: GatewayState, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def refused(address: str) -> LinkError:
    return LinkError(
        GatewayState.REFUSED,
        f"Nothing listens on {address}: start TWS or IB Gateway, and check that its API port is this one "
        "(Configure > Settings > API > Settings > Socket port).",
    )


def unreachable(address: str, detail: str) -> LinkError:
    return LinkError(
        GatewayState.REFUSED,
        f"{address} cannot be reached ({detail}): check the host's name, the network and firewalls.",
    )


def untrusted(address: str) -> LinkError:
    return LinkError(
        GatewayState.REFUSED,
        f"{address} closed the connection at once: it is no TWS API, or this machine's address is not trusted there "
        "(Configure > Settings > API > Settings > Trusted IPs).",
    )


def waiting_for_login(address: str) -> LinkError:
    return LinkError(
        GatewayState.WAITING_FOR_LOGIN,
        f"{address} is open but does not answer: the gateway waits for its log-in or second factor, or shows a dialog. "
        "Look at its window and log in.",
    )


def client_id_in_use(address: str, client_id: int) -> LinkError:
    return LinkError(
        GatewayState.CLIENT_ID_IN_USE,
        f"Client id {client_id} is already connected to {address}: end the other program, "
        "or set IBKR_CLIENT_ID to another number.",
    )


def broke_off(address: str, said: str) -> LinkError:
    words = f"; it said: {said}" if said else ""
    return LinkError(
        GatewayState.DISCONNECTED, f"{address} ended the connection while it was being made{words}. Trying again."
    )


def not_usable(named: str | None, known: Sequence[str]) -> LinkError:
    """The account to watch is not known: `named` is not among the log-in's, or there are several and none is named."""
    listed = ", ".join(known) or "none"
    if named:
        text = f"The gateway's log-in has no account {named}; it has: {listed}. Set IBKR_ACCOUNT to one of these."
    else:
        text = f"The gateway's log-in has several accounts: {listed}. Set IBKR_ACCOUNT to the one to watch."
    return LinkError(GatewayState.UNKNOWN_ACCOUNT, text)


def silent(address: str, seconds: float) -> LinkError:
    return LinkError(
        GatewayState.SILENT,
        f"{address} has not answered for {seconds:g} s: the connection is made anew. If it goes on, "
        "look at the gateway's window or restart it.",
    )


def port_changed(address: str, said: str) -> LinkError:
    return LinkError(
        GatewayState.DISCONNECTED,
        f"The API port was changed in the gateway's settings, so {address} is no longer it: set IBKR_PORT "
        f"to the new one. The gateway said: {said}",
    )


GOES_DOWN = re.compile(r"shut(ting)? ?down|restart", re.IGNORECASE)
# IB Gateway and TWS restart themselves once a day at a time that the user sets; 23:45 local is the installed default.
RESTART_FROM, RESTART_TO = time(23, 40), time(23, 59, 59)


def lost(address: str, detail: str, local_now: datetime | None, said: str = "") -> LinkError:
    """A connection that was up has ended. `local_now`: the gateway's own wall clock, where its zone is known."""
    if said:
        return LinkError(
            GatewayState.RESTARTING, f"{address} said that it goes down ({said}). Waiting for it to return."
        )
    if local_now is not None and RESTART_FROM <= local_now.time() <= RESTART_TO:
        return LinkError(
            GatewayState.RESTARTING,
            f"{address} closed the connection at {local_now:%H:%M} of its own time, when gateways restart by default. "
            "It should be back in some minutes; if not, log in at its window.",
        )
    how = f"was broken off ({detail})" if detail else "was closed by the gateway"
    return LinkError(
        GatewayState.DISCONNECTED,
        f"The connection to {address} {how}: it may restart, or was ended. Trying again; the last figures stay.",
    )


BROKER_UNREACHABLE = (
    "The gateway has lost IBKR's servers (1100). It reconnects by itself; if it doesn't, check its internet connection."
)
OTHER_LOGIN = (
    "Another log-in with this username takes the market data (10197): log it out, "
    "or give the bot and this dashboard a second username."
)
READING = "Connected; the account is being read."
INCOMPLETE = "Connected, but the gateway has not sent the account's values completely yet. Waiting for them."
NO_ORDERS = "The gateway was asked for all open orders and didn't answer: look at its window, or restart it."
NOT_CONNECTED = "The poller is not connected to the gateway."
