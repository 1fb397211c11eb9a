"""Rules: written once, citing their article, used to judge a project, to guard a button and to set duties."""
