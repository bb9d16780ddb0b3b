"""The student edition and the addresses of the course: what is published, and how."""
