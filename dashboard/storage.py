"""What `mtz doctor` says of storage: which flavour is in use, what it lacks and how to get it."""

from __future__ import annotations

from typing import Any

import psycopg

from data.flavour import (
    OLDEST,
    Extension,
    Flavour,
    Wanted,
    extension,
    known,
    require_new_enough,
    require_there,
    require_whole,
)

MOVE = "`mtz migrate --to-timescale SOURCE_URL TARGET_URL` copies it into a new database; this one stays as it is."
LACKS = "raw samples are not compressed (some 6 x the disk)"


def describe(conn: psycopg.Connection[Any], wanted: Wanted) -> tuple[bool, str, str]:
    """Whether it is as it should be, what is in use, and what could be done (or "").

    Raises:
        DatabaseError: the storage can't be used; says what to do.
    """
    found, flavour = extension(conn), known(conn)
    if flavour is Flavour.TIMESCALE:
        require_there(found)
    require_whole(conn, found, flavour)
    if flavour is None:
        return _to_be(found, wanted)
    if flavour is Flavour.TIMESCALE and found is not None:
        return _timescale(conn, found)
    return _plain(found)


def _to_be(found: Extension | None, wanted: Wanted) -> tuple[bool, str, str]:
    if wanted == "auto" and found is not None and not found.is_apache:
        require_new_enough(found)
        return True, f"not chosen yet: `mtz migrate` will use TimescaleDB {found.version}", ""
    return True, "not chosen yet: `mtz migrate` will use plain tables", ""


def _timescale(conn: psycopg.Connection[Any], found: Extension) -> tuple[bool, str, str]:
    text = f"TimescaleDB {found.version} community: hypertables, continuous aggregates, compression"
    failed = conn.execute(
        "SELECT string_agg(DISTINCT j.application_name, ', ') FROM timescaledb_information.job_stats s "
        "  JOIN timescaledb_information.jobs j USING (job_id) "
        " WHERE s.last_run_status = 'Failed' AND j.owner = 'mtz_owner'::regrole"
    ).fetchone()
    if failed and failed[0]:
        return (
            False,
            f"{text}; jobs that failed: {failed[0]}",
            "SELECT * FROM timescaledb_information.job_errors says why; where they fail to start, raise max_worker_processes. "
            "Roll-ups are right without them, but nothing is compressed.",
        )
    jobs = conn.execute(
        "SELECT count(*) FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression'"
    ).fetchone()
    if not jobs or not jobs[0]:
        return False, f"{text}; its jobs are not set", "Start `mtz run` or `mtz housekeeping`, which sets them."
    return True, text, ""


def _plain(found: Extension | None) -> tuple[bool, str, str]:
    if found is None:
        return True, f"plain PostgreSQL; without TimescaleDB {LACKS}", ""
    text = f"plain PostgreSQL: {LACKS}; the server has TimescaleDB {found.version}"
    if found.is_apache:
        return (
            True,
            f"{text} in its Apache edition, which can't do more",
            f"To use it, set timescaledb.license = 'timescale' and restart the server; then {MOVE}",
        )
    if not found.is_new_enough:
        return True, f"{text}, which is too old", f"Install {OLDEST[0]}.{OLDEST[1]} or newer; then {MOVE}"
    return False, f"{text}, which this database does not use", MOVE
