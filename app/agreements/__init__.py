"""The task agreement: its draft, its checklist, its versions and signatures."""
