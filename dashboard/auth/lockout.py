"""Wrong passwords and codes make the next attempt wait: per name (known or not) and per address, kept in the database.

The command line on the machine itself never passes here: whoever is locked out there is helped by `mtz user unlock`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from data.queries import query, statement

FIRST_S, LONGEST_S = 30.0, 900.0  # the first wait; each further failure doubles it
NAME_LIMIT, ADDRESS_LIMIT = 5, 20  # failures until then; behind one address there may be several people


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `wait_s`: not now, but in so many seconds."""

    subjects: tuple[str, ...]
    wait_s: int = 0
    just_locked: bool = False


def begin(engine: Engine, what: str, name: str, address: str | None) -> Attempt:
    """Count an attempt (as failed, until :func:`right`). `what`: user or code."""
    subjects = (f"address {network(address)}", f"{what} {stored_as(name).lower()[:64]}")
    just_locked = False
    with engine.begin() as conn:
        for subject, limit in zip(subjects, (ADDRESS_LIMIT, NAME_LIMIT), strict=True):
            failures = _count(conn, subject, limit)
            if failures is None:  # an address that must wait counts for no name: else it could lock out everybody
                row = conn.execute(text(query("auth_locked")), {"subjects": list(subjects)}).first()
                return Attempt(subjects, max(int(row.seconds) if row else 0, 1))
            just_locked = just_locked or failures >= limit
    return Attempt(subjects, 0, just_locked)


def right(conn: Connection, attempt: Attempt) -> None:
    """The attempt was right: the name begins anew, the address has one failure less."""
    conn.exec_driver_sql(statement("auth_attempt_right"), {"subject": attempt.subjects[0]})
    conn.exec_driver_sql(statement("auth_attempts_forgotten"), {"subjects": [attempt.subjects[1]]})


def unlock(conn: Connection, name: str) -> None:
    """Forget the failures of a name, password and code."""
    subjects = [f"{what} {name.lower()[:64]}" for what in ("user", "code")]
    conn.exec_driver_sql(statement("auth_attempts_forgotten"), {"subjects": subjects})


def stored_as(name: str) -> str:
    """A name that was typed, as the database can compare it: it holds no NUL, and no user's name has what stands for it."""
    return name.strip().replace("\0", "\ufffd")


def network(address: str | None) -> str:
    """Whom an address stands for: itself, with IPv6 its /64, which one subscriber has whole."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)


def _count(conn: Connection, subject: str, limit: int) -> int | None:
    values = {"subject": subject, "limit": limit, "first_s": FIRST_S, "longest_s": LONGEST_S}
    row = conn.exec_driver_sql(statement("auth_attempt"), values).first()
    return int(row[0]) if row else None
