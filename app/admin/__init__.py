"""Settings: the people of the agency and its name."""
