"""What the poller is started with. Times in seconds unless the name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.ibkr.translate import source_of
from data.model import Source


@dataclass(frozen=True, slots=True)
class PollerOptions:
    """`source` None: paper or live by the account's prefix. `bar_requests`: in ten minutes at most; 0: none."""

    database_url: str
    host: str
    port: int
    spool_dir: Path
    client_id: int = 30
    account: str | None = None
    source: Source | None = None
    spool_limit_bytes: int = 64 * 1024 * 1024
    coalesce_ms: int = 50
    portfolio_sample_s: float = 1.0
    position_sample_s: float = 5.0
    minute_sample_s: float = 60.0
    heartbeat_s: float = 1.0
    line_budget: int = 40
    reconcile_s: float = 45.0
    benchmark: str = "SPY"
    bar_requests: int = 20

    def source_of(self, account: str) -> Source:
        return self.source if self.source is not None else source_of(account)
