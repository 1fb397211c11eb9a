"""Tranches, payments, spending and clearing."""
