"""Clearing: what was paid, spent and not allowed of a project's public money, and what comes back of it."""
