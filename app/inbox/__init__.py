"""The inbox: what a person was told by the clock."""
