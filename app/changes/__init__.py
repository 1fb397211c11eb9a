"""Changes of what was agreed, step by step."""
