"""时钟: whether the clock runs, what it did and does next, and what could not be delivered."""
