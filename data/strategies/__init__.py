"""Bots and their strategies: what is asked of them, and whether it happened."""
