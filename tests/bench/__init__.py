"""The figures Keguan is measured by: every one a ratio of two things done in the same run."""
