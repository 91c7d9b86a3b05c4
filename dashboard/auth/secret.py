"""The key that signs sessions and encrypts the secrets of authenticator apps: MTZ_SECRET_KEY, or a file that only we read."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from dashboard.exits import CannotRunError, Exit
from dashboard.settings import Settings

NAME = "secret-key"
SHORTEST = 32


def secret_key(settings: Settings) -> str:
    """The key of this installation, made at the first start.

    Raises:
        CannotRunError: it is neither set nor can it be kept.
    """
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / NAME
    try:
        return _read(path) or _make(path)
    except OSError as error:
        raise CannotRunError(
            f"The secret key can't be kept in {path} ({error.strerror}): make {path.parent} writable, "
            "or set MTZ_SECRET_KEY to at least 32 random characters.",
            Exit.DATA_DIR,
        ) from None


def derived(key: str, purpose: str) -> str:
    """A key for one purpose, so that what leaks of one tells nothing of the others."""
    return hmac.new(key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _read(path: Path) -> str | None:
    try:
        found = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return found if len(found) >= SHORTEST else None


def _make(path: Path) -> str:
    """Linked into place whole, so that of two processes that start together both use the one that came first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{NAME}-{os.getpid()}-{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        if _read(path) is None:  # it holds no key: nothing can have been signed with it
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text(encoding="utf-8").strip()
