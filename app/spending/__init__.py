"""Spending of a project, and money that its parties pay themselves."""
