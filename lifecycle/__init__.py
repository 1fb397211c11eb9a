"""What a project is, what the law says of it, and what may happen to it."""
