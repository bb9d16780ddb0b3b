#!/usr/bin/env bash
# The course on The Littlest JupyterHub: sudo bash install.sh FOLDER_OF_THE_STUDENT_EDITION
# Run it again to update: what students have is kept, and new versions come beside at the next start.
set -euo pipefail
umask 022 # students read all of it, whatever root's own umask is
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
packages="$course.packages"
pip=("$python" -m pip --disable-pip-version-check)

# Until this script has come to its end, the course that was there stays the one that is there.
restore() {
  if [ -e "$course.before" ]; then
    rm -rf "$course"
    mv "$course.before" "$course"
  fi
  rm -rf "$course.new" "$packages"
}
restore # what a run that was killed has left
trap restore EXIT

mkdir -p "$course.new"
cp -R "$edition/." "$course.new/"
chmod -R a+rX "$course.new"
# TRIAD_NO_PIP: the packages are there already
if [ -z "${TRIAD_NO_PIP:-}" ]; then
  # all that comes over the network, while students still use what is there
  "${pip[@]}" wheel --wheel-dir "$packages" --extra-index-url https://download.pytorch.org/whl/cpu \
    -c "$course.new/constraints.txt" "$course.new[lab]" "setuptools>=77"
  rm -rf "$course.new/build"
fi
if [ -e "$course" ]; then mv "$course" "$course.before"; fi
mv "$course.new" "$course"
if [ -z "${TRIAD_NO_PIP:-}" ]; then
  "${pip[@]}" install --no-cache-dir --no-index --find-links "$packages" \
    -c "$course/constraints.txt" -e "$course[lab]"
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
rm -rf "$course.before"
trap - EXIT
rm -rf "$packages"
echo "installed: $course, $prefix/etc/jupyter/jupyter_server_config.py"
