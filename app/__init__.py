"""The Flask shell around Keguan."""
