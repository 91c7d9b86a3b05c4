"""What commands take and answer; see data/control_views.py."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dashboard.api.schemas import Answer
from data.commands import LONGEST_REASON

PRINTABLE = r"^[^\x00]*$"  # what PostgreSQL's text can hold


class CommandBody(BaseModel):
    """May be left out whole."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = Field(
        None, max_length=LONGEST_REASON, pattern=PRINTABLE, description="Why; kept in the audit log."
    )
    scope: Literal["all", "opening"] = Field("all", description="Of a pause: `opening` lets rolls and closes go on.")
    symbol: str | None = Field(
        None, min_length=1, max_length=32, pattern=PRINTABLE, description="One symbol of the strategy only."
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_everything_default(cls, value: Any) -> Any:
        return {} if value is None else value


class CommandHeader(BaseModel):
    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=PRINTABLE,
        description="The same key gives the same command.",
    )


class StrategyPath(BaseModel):
    bot: str = Field(max_length=63, pattern=PRINTABLE, description="The bot's name.")
    strategy: str = Field(max_length=100, pattern=PRINTABLE, description="Its strategy.")

    @property
    def name(self) -> str:
        return f"{self.bot}/{self.strategy}"


class CommandPath(BaseModel):
    id: str = Field(max_length=64, description="A command's id.")


class RemainingOrder(Answer):
    perm_id: int
    client_id: int | None
    symbol: str
    what: str
    advice: str


class Command(Answer):
    id: str
    number: int
    strategy: str
    symbol: str | None
    action: Literal["pause", "resume", "stop"]
    scope: Literal["all", "opening"]
    reason: str | None
    actor: str
    origin: str | None
    requested_at: str
    state: Literal["requested", "acknowledged", "enforced", "not_enforced", "failed", "overruled"]
    acknowledged_at: str | None
    settled_at: str | None
    detail: str | None
    remaining: list[RemainingOrder]


class Short(Answer):
    con_id: int
    local_symbol: str
    symbol: str
    quantity: float
    expiry: str | None
    strike: float | None
    right: Literal["C", "P"] | None


class CommandAnswer(Answer):
    """`effect` is what it does, `positions` what it leaves alone; `shorts` can still be assigned."""

    command: Command
    is_new: bool
    effect: str
    positions: str
    shorts: list[Short]
