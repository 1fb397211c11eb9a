"""A project's files: the tab that lists them, adding and removing, and handing them out."""
