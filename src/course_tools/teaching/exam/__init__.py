"""Exams: a seed draws the numbers of each question, and the course's code computes the answer."""
