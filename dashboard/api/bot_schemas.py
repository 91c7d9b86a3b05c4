"""What in-process bots send and are answered; docs/in-process-bots.md has it in words."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, model_validator

from dashboard.api.command_schemas import PRINTABLE
from dashboard.api.schemas import Answer

BOT = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
STRATEGY = r"^[A-Za-z0-9][A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-]$|^[A-Za-z0-9]$"
MOST_STRATEGIES, MOST_SYMBOLS, MOST_DECISIONS, MOST_FIGURES = 200, 1000, 500, 50
BIGGEST = 2**63 - 1

Name = Annotated[str, Field(pattern=STRATEGY)]
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
Sentence = Annotated[str, Field(max_length=1000, pattern=PRINTABLE)]
Number = Annotated[int, Field(ge=0, le=BIGGEST)]
DesiredName = Literal["active", "opening_paused", "paused", "stopped"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BotPath(BaseModel):
    bot: str = Field(pattern=BOT, description="The bot's name.")


class StrategyReport(Body):
    """One strategy: what it is, what its bot says of it, and what the bot acts on."""

    name: Name = Field(description="Without the bot: `put-write`, not `demo/put-write`.")
    title: Word | None = None
    symbols: list[Word] = Field([], max_length=MOST_SYMBOLS)
    allocation: FiniteFloat | None = Field(None, ge=0, le=100, description="Share of the account, a fraction of 1.")
    can_pause_opening: bool = Field(False, description="The bot can tell openings from rolls and closes.")
    status: Word | None = Field(None, description="running, idle, error, or a word of the bot's own.")
    words: Sentence | None = Field(None, description="Why, in the bot's words.")
    figures: dict[Word, FiniteFloat | Sentence | None] = Field(
        {}, max_length=MOST_FIGURES, description="In the bot's terms."
    )
    next_cycle_at: AwareDatetime | None = None
    applied_command: Number = Field(0, description="The newest command of this strategy that the bot acts on.")
    desired: DesiredName = Field("active", description="What it acts on.")
    symbol_states: dict[Word, DesiredName] = Field({}, max_length=MOST_SYMBOLS)
    failure: Sentence | None = Field(None, description="Why a newer command could not be applied.")
    cycles_since: Number = Field(0, le=2**31 - 1, description="Whole cycles since, without an order against it.")
    queued_orders: Number = Field(0, le=2**31 - 1, description="Orders against it that were queued all the same.")
    open_orders: Number | None = Field(None, le=2**31 - 1, description="Its own orders that work, as far as it knows.")

    def row(self) -> dict[str, Any]:
        """As the tables have it."""
        row = self.model_dump(mode="json", exclude={"status", "words"})
        return row | {"bot_status": self.status, "bot_words": self.words}


class Cycle(Body):
    """A pass of the bot. One after which nothing was to be told may be told again under its id, with newer times."""

    run_id: UUID
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    outcome: Literal["ok", "failed"] | None = None
    words: Sentence | None = None
    command_seen: Number = 0

    @model_validator(mode="after")
    def _ended_with_an_outcome(self) -> Cycle:
        if (self.ended_at is None) != (self.outcome is None):
            raise ValueError("a cycle that has ended has an outcome, and the other way round")
        return self


class Heartbeat(Body):
    version: Word | None = None
    account: Word | None = None
    client_id: int | None = Field(None, ge=0, le=2**31 - 1, description="The bot's own at the gateway.")
    gateway_host: Word | None = None
    gateway_port: int | None = Field(None, ge=1, le=65535)
    pid: int | None = Field(None, ge=0, le=2**31 - 1)
    problem: Sentence | None = Field(None, description="What keeps the whole bot from working.")
    strategies: list[StrategyReport] = Field(max_length=MOST_STRATEGIES, description="Every one that the bot has.")
    cycle: Cycle | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Heartbeat:
        if len({strategy.name for strategy in self.strategies}) < len(self.strategies):
            raise ValueError("a strategy is named twice")
        return self


class Decision(Body):
    """What the bot decided: an order it meant to send, what it left alone and why, what was refused."""

    source_key: Word = Field(description="The bot's own name of it: told twice, it is one.")
    strategy: Name
    run_id: UUID | None = None
    ts: AwareDatetime
    kind: Literal["intent", "skip", "rejection", "error", "note"]
    symbol: Word | None = None
    con_id: Number | None = None
    contract: Word | None = Field(None, description="As people read it: AAPL 2026-12-18 190 P.")
    action: Word | None = None
    quantity: FiniteFloat | None = None
    limit_price: FiniteFloat | None = None
    bid: FiniteFloat | None = None
    ask: FiniteFloat | None = None
    reason: Sentence | None = None
    order_id: int | None = Field(None, ge=-BIGGEST, le=BIGGEST)
    perm_id: Number | None = None
    client_id: int | None = Field(None, ge=0, le=2**31 - 1)
    order_ref: Word | None = None
    detail: dict[Word, JsonValue] = Field({}, max_length=MOST_FIGURES)


class Decisions(Body):
    items: list[Decision] = Field(min_length=1, max_length=MOST_DECISIONS)


class StrategyOrders(Answer):
    desired: DesiredName
    command: int
    symbols: dict[str, DesiredName]


class States(Answer):
    """What the bot has to do. A strategy that isn't named is active; under the kill switch each is stopped."""

    bot: str
    command: int
    is_killed: bool
    strategies: dict[str, StrategyOrders]


class Written(Answer):
    written: int
