"""Inspections, what they order, and research integrity."""
