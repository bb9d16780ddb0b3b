"""lessons/ → notebooks, exercises, solutions and data, each in every language."""
