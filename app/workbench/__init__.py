"""The workbench: what is overdue, what is due, what waits for whoever is signed in."""
