"""Changes of what was agreed: who decides them, and their way from a draft to the next agreement version."""
