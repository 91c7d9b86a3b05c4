"""`/api/exports/*.csv`: files that leave the house, each marked with its source."""

from dashboard.exports.routes import register

__all__ = ["register"]
