"""`/ws`: what changes is pushed the moment it is committed."""

from dashboard.ws.hub import Hub
from dashboard.ws.routes import register

__all__ = ["Hub", "register"]
