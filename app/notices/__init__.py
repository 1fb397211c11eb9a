"""Notices on paper: drawn up from a duty or a measure, their sending and their receipts."""
