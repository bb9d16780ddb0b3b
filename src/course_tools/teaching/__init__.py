"""What a teacher gets: plans, a syllabus, hand-outs, slides and exams, built from the lessons."""
