"""What builds, checks and ships the course.  Never imported by a student's notebook."""

from helpers import stopping as stopping  # early: until a command is loaded, Ctrl-C just ends it
