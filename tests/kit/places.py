"""Where things are, for tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KIT = Path(__file__).resolve().parent
# A kernel without the extension that start.py may have set up here, which imports helpers at once
BARE = ["--IPKernelApp.extensions=[]"]
