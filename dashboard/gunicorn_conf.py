"""gunicorn for the dashboard: one gevent worker that serves pages, REST and every socket.

Read by the master before it forks: nothing here may import a database driver (see dashboard/wsgi.py).
"""

from __future__ import annotations

import gc
import resource
from typing import Any

from dashboard.settings import load_settings

_settings = load_settings()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
workers = 1
worker_class = "gevent"
worker_connections = 5000  # sockets and requests together
preload_app = False
control_socket_disable = True  # two stacks would meet in one place under $HOME
graceful_timeout = 3
timeout = 30
keepalive = 5
forwarded_allow_ips = (
    ""  # what a proxy says is weighed in dashboard/auth/proxies.py; no header sets SCRIPT_NAME or PATH_INFO
)
forwarder_headers = ""
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "mtz web"

WANTED_FILES = worker_connections + 1000


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


_raise_file_limit()


def post_request(_worker: Any, _request: Any, _environ: Any, _response: Any) -> None:
    """Others' turn: a connection whose next request is there already would otherwise be served on and on."""
    import gevent

    gevent.sleep(0)


def post_worker_init(worker: Any) -> None:
    """Start the hub in the patched worker, and what tells the sockets when it ends."""
    import gevent
    from psycopg import waiting

    from dashboard.wsgi import app

    if waiting.wait is getattr(waiting, "wait_c", None):
        raise RuntimeError("psycopg was imported before gevent's patch: every LISTEN would stall the server.")
    # What was imported lives as long as the process: looking through it at every full collection costs a pause of 0.1 s.
    gc.collect()
    gc.freeze()
    hub = app.extensions["mtz"].hub
    hub.start()
    gevent.spawn(_close_sockets_at_the_end, worker, hub)


def _close_sockets_at_the_end(worker: Any, hub: Any) -> None:
    """gunicorn would wait for the sockets until its graceful time-out and tell them nothing."""
    import gevent

    while worker.alive:
        gevent.sleep(0.1)
    hub.stop()
