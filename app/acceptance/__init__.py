"""Acceptance and what follows from its conclusion."""
