"""Files of PDK data that tests read without a run of the flow."""

import os
from pathlib import Path

from needs import skip_without

from flow.tools.pdk_data import ROOT_VARIABLE, SHARED_ROOT


def pdk_root():
    """Return the folder that holds `lambdapdk`, whether or not it is there."""
    return Path(os.environ.get(ROOT_VARIABLE) or SHARED_ROOT)


def pdk_files(pattern):
    """Return the files below `lambdapdk` that match `pattern`, at least one; skips the test without."""
    files = sorted((pdk_root() / "lambdapdk").glob(pattern))
    if not files:
        skip_without("pdk")
    return files


def pdk_file(path):
    """Return the file at `path` below `lambdapdk`; skips the test without it."""
    return pdk_files(path)[0]
