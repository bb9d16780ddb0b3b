"""What builds, checks and ships the course.  Never imported by a student's notebook."""
