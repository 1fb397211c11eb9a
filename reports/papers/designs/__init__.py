"""How each paper is drawn: a module a template, named like it, with ``TITLE`` and ``draw(paper)``."""
