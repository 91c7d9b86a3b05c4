"""What each strategy earned and risks: its own executions and what they left, valued at marks. Rules: docs/strategy-figures.md."""
