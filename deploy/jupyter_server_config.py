"""What every student's server on a hub reads when it starts; it runs as the student.

It lies in etc/jupyter of the Python that has the course: the image puts it there, and so does
deploy/tljh/install.sh.  COURSE is the unpacked student edition of that machine.
"""

import os
import subprocess
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (Jupyter defines it)

# The course comes into the home, and nothing there is overwritten.  Whatever goes wrong with it,
# the server starts: the reason stands in its log.
course = os.environ.get("TRIAD_COURSE", "/opt/triad/course")
deliver = [sys.executable, "-m", "helpers.launch.delivery", "--course", course]
try:
    subprocess.run([*deliver, "--to", Path.home() / "transformer-triad"], timeout=120)
except (OSError, subprocess.SubprocessError) as error:
    print("The course was not delivered:", error, file=sys.stderr)

# A kernel that nobody has used for half an hour ends, in an open tab too; the notebook stays.
c.MappingKernelManager.cull_idle_timeout = 1800
c.MappingKernelManager.cull_interval = 120
c.MappingKernelManager.cull_connected = True
