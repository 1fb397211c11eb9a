"""日历: what falls due when, as a year, a month or a list, and as a feed for a person's own calendar."""
