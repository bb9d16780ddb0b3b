"""The way back: what an LMS takes, filled with the grades of one sheet."""
