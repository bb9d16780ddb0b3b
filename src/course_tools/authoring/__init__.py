"""Lessons, written once in lessons/, become notebooks, exercises, solutions and data in two languages."""
