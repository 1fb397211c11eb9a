"""The list of projects, its export, and the page of one project."""
