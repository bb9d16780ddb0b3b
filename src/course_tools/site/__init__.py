"""The course's site: every lesson with its results, in every language, from executed notebooks."""
