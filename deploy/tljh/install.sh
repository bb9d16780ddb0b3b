#!/usr/bin/env bash
# The course on The Littlest JupyterHub: sudo bash install.sh FOLDER_OF_THE_STUDENT_EDITION
# Run it again to update: what students have is kept, and new versions come beside at the next start.
set -euo pipefail
edition=$(realpath "${1:?give the folder of the unpacked student edition}")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
course=${TRIAD_COURSE:-/opt/triad/course}
python=${TLJH_PYTHON:-/opt/tljh/user/bin/python}

test -f "$edition/start.py" -a -d "$edition/notebooks" || {
  echo "$edition is not the student edition: start.py or notebooks/ is missing." >&2
  exit 1
}
if [ -d "$edition/solutions" ]; then
  echo "$edition holds solutions/: install the student edition, which has none." >&2
  exit 1
fi
rm -rf "$course.new"
mkdir -p "$course.new"
cp -R "$edition/." "$course.new/"
rm -rf "$course.old"
if [ -e "$course" ]; then mv "$course" "$course.old"; fi
mv "$course.new" "$course"
chmod -R a+rX "$course"
# TRIAD_NO_PIP: the packages are there already
if [ -z "${TRIAD_NO_PIP:-}" ]; then
  "$python" -m pip install --no-cache-dir \
    --extra-index-url https://download.pytorch.org/whl/cpu -c "$course/constraints.txt" -e "$course[lab]"
fi
"$python" - <<'PYTHON'
import sys
from pathlib import Path

from helpers.launch import lab

lab.prepare_kernels(Path(sys.prefix))
PYTHON
prefix=$("$python" -c "import sys; print(sys.prefix)")
mkdir -p "$prefix/etc/jupyter"
cp "$here/../jupyter_server_config.py" "$prefix/etc/jupyter/jupyter_server_config.py"
echo "installed: $course, $prefix/etc/jupyter/jupyter_server_config.py"
