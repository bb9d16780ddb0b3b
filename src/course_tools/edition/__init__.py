"""The student edition and the addresses of the course: what leaves the house, and how."""
