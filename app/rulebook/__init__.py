"""The rulebook: the regulations as Keguan reads them."""
