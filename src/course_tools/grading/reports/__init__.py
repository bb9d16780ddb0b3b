"""What is made of verdicts: a table and pages for people, scores for nbgrader's gradebook."""
