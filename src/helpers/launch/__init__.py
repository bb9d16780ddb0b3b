"""Ways to run the course: JupyterLab, and lessons without a browser."""

from .. import stopping as stopping  # early: until a command is loaded, Ctrl-C just ends it
