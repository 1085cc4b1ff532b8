"""From a design's name to its layout, its metrics and its reports."""

import sys
from pathlib import Path

FLOW = Path(__file__).resolve().parent
# `python flow/run.py` puts the script's folder first on the path of imports, where its modules would hide
# packages of their names. So scripts import `flow` before any other package.
sys.path[:] = [entry for entry in sys.path if not Path(entry).resolve().is_relative_to(FLOW)]
