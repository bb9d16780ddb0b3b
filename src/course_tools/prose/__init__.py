"""The language gates: every text of the course, and what each language asks of it."""
