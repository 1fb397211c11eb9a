"""The audit bundle: what auditors are handed of projects, and can check without Keguan."""
