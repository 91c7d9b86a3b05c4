"""The user as Flask-Security knows one. The table comes from a migration; this is the one place with an ORM."""

from __future__ import annotations

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import BigInteger, DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Role(RoleMixin):  # type: ignore[misc]
    """A role by its name: the three are fixed, so no table holds them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.permissions: list[str] = []


class User(Base, UserMixin):  # type: ignore[misc]
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    username: Mapped[str]
    password: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool]
    fs_uniquifier: Mapped[str]
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    password_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @property
    def roles(self) -> list[Role]:
        return [Role(self.role)]
