"""One web process a module over one database, as the tests of the web have it."""

from tests.web.conftest import _poller_lives, url, web, write

__all__ = ["_poller_lives", "url", "web", "write"]
