"""A made-up bureau to try Keguan with, and made-up projects in any number to measure it with."""
