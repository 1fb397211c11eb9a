"""Registering a project once it has been awarded."""
