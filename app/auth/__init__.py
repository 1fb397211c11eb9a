"""Signing in and out, passwords, and choosing the agency to work in."""
