"""The audit trail: a project's bundle, handed out."""
