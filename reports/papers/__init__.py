"""Papers for Word: templates drawn by a script of ours, filled with what is known of a project."""
