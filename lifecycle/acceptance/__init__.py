"""Acceptance: the application, the experts' findings, the authorities in their order, the conclusion."""
