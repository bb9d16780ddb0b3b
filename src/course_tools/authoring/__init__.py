"""lessons/ → notebooks, exercises, solutions and data, each in two languages."""
