"""Reports: what is owed, filed, confirmed and accepted."""
