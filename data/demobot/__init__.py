"""The demo's bot: a small seller of options that trades on the simulated gateway, as any bot would, and obeys the dashboard."""
