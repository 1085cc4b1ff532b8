"""Where a PDK's data lies on this machine, and how it is had."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from flow.common.errors import UserError
from flow.common.places import PROJECT_ROOT, cache_dir
from flow.common.processes import captured
from flow.tools.debian_packages import PackageError, filled_once, unpack, unpack_from_pool
from pdk_configs.pdk import CONFIGS_DIR, DebianPackage, Pdk

ROOT_VARIABLE = "EXPMUL_PDK_ROOT"
SOURCES_VARIABLE = "EXPMUL_PDK_SOURCES"
# $EXPMUL_PDK_ROOT, ../shared/pdk, SiliconCompiler's download, a Debian package.
SOURCES = ("root", "shared", "download", "package")
SHARED_ROOT = PROJECT_ROOT.parent / "shared" / "pdk"
DOWNLOAD_TIMEOUT_S = 300


class NoDataError(UserError):
    """No source has the PDK's data."""


def allowed_sources() -> tuple[str, ...]:
    """Return the sources that $EXPMUL_PDK_SOURCES leaves: all, where it is not set."""
    value = os.environ.get(SOURCES_VARIABLE)
    if value is None:
        return SOURCES
    names = tuple(name.strip() for name in value.split(","))
    for name in names:
        if name not in SOURCES:
            raise UserError(f"${SOURCES_VARIABLE}: no source '{name}', there are {', '.join(SOURCES)}")
    return names


def find_data_root(pdk: Pdk, given: Path | None) -> Path | None:
    """Return the data root of `pdk` as the engines take it: prepared, where the PDK needs that.

    The first of `given` or $EXPMUL_PDK_ROOT, `../shared/pdk`, and the download: a Debian package for a
    PDK that has one, else SiliconCompiler's, for which None stands. Raises UserError where a root that
    was asked for is not one, NoDataError where nothing works.
    """
    root = find_raw_root(pdk, given)
    if root is None or pdk.prepare is None:
        return root
    prepare = pdk.prepare
    return filled_once(prepared_home(pdk, root), lambda folder: prepare(root, folder))


def root_at_hand(pdk: Pdk, given: Path | None) -> Path | None:
    """Return what `find_data_root` would, but fetch and prepare nothing: None stands for the download.

    Raises NoDataError where something would have to be fetched or prepared, UserError as `find_data_root`.
    """
    root = named_root(pdk, given)
    if root is None and pdk.package is None:
        if "download" not in allowed_sources():
            raise NoDataError(f"no data for {pdk.name} at hand")
        return None
    if root is None and pdk.package is not None and "package" in allowed_sources():
        root = package_home(pdk.package)
    if root is not None and pdk.prepare is not None and missing_file(pdk, root) is None:
        root = prepared_home(pdk, root)
    if root is None or not root.is_dir():
        raise NoDataError(f"no data for {pdk.name} at hand")
    return root


def prepared_home(pdk: Pdk, root: Path) -> Path:
    """Return where the data at `root` lies as the engines take it: by its content and that of its recipe."""
    digest = hashlib.sha256((CONFIGS_DIR / pdk.name / "config.py").read_bytes())
    for name in pdk.required_files:
        digest.update((root / name).read_bytes())
    return cache_dir() / f"{pdk.name}-{digest.hexdigest()[:12]}"


def find_raw_root(pdk: Pdk, given: Path | None) -> Path | None:
    """Return the data root of `pdk` as it was published; see `find_data_root`."""
    root = named_root(pdk, given)
    return root if root is not None else fetched_root(pdk)


def named_root(pdk: Pdk, given: Path | None) -> Path | None:
    """Return the first of `given` or $EXPMUL_PDK_ROOT, and `../shared/pdk`; None where neither has `pdk`."""
    sources = allowed_sources()
    variable = os.environ.get(ROOT_VARIABLE) if "root" in sources else None
    root = given or (Path(variable) if variable else None)
    if root is not None:
        missing = missing_file(pdk, root)
        if missing is None:
            return root.resolve()
        # The variable names lambdapdk's folder as a rule, which a PDK from a package is not in.
        if given or pdk.package is None:
            source = "--pdk-root" if given else f"${ROOT_VARIABLE}"
            raise UserError(f"{source} {root} does not hold {pdk.name}: no readable {missing}")
    if "shared" in sources and SHARED_ROOT.is_dir() and missing_file(pdk, SHARED_ROOT) is None:
        return SHARED_ROOT.resolve()
    return None


def fetched_root(pdk: Pdk) -> Path | None:
    """Return the root of the Debian package, or None after SiliconCompiler's download; raises NoDataError."""
    sources = allowed_sources()
    if pdk.package is None:
        home, what, kind = None, "the download", "download"
        cure = "get the lambdapdk repository and name the folder above `lambdapdk` with --pdk-root"
    else:
        home, what, kind = package_home(pdk.package), f"Debian's package {pdk.package.name}", "package"
        cure = "unpack it and name the folder above its `usr` with --pdk-root"
    if kind not in sources:
        failure: str | None = "switched off"
    else:
        failure = fetch_package(pdk.package, home) if pdk.package and home else download(pdk)
    if failure is None:
        return home
    no_root, no_shared = ("not there" if name in sources else "switched off" for name in ("root", "shared"))
    raise NoDataError(
        f"no data for {pdk.name}: tried ${ROOT_VARIABLE} ({no_root}), ../shared/pdk beside the checkout "
        f"({no_shared}) and {what} ({failure}); {cure}"
    )


def package_home(package: DebianPackage) -> Path:
    """Return where `package` is unpacked in the cache."""
    return cache_dir() / package.name


def fetch_package(package: DebianPackage, home: Path) -> str | None:
    """Unpack `package` into `home`, once; return None, or what went wrong in a few words.

    From this system's suite, or where that does not list it from the archive's pool.
    """

    def fill(folder: Path) -> None:
        try:
            unpack([package.name], folder)
        except PackageError:
            unpack_from_pool(package.pool_file, package.sha256, folder)

    try:
        filled_once(home, fill)
    except PackageError as error:
        return str(error)[:160]
    return None


def missing_file(pdk: Pdk, root: Path) -> str | None:
    """Return the first file of `pdk` that is not readable below `root`, or None."""
    for name in pdk.required_files:
        path = root / name
        if not path.is_file() or not os.access(path, os.R_OK) or path.stat().st_size == 0:
            return name
    return None


@cache
def download(pdk: Pdk) -> str | None:
    """Let SiliconCompiler fetch the data; return None, or what went wrong in a few words.

    In a process of its own: the download prints and may hang.
    """
    program = (
        "import sys; from pdk_configs.pdk import load_pdk;"
        "library = load_pdk(sys.argv[1]).make_library(None);"
        "library.find_files('fileset', 'models.physical', 'file', 'lef')"
    )
    try:
        result = captured(
            [sys.executable, "-c", program, pdk.name], cwd=PROJECT_ROOT, timeout_s=DOWNLOAD_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {DOWNLOAD_TIMEOUT_S} s"
    if result.returncode == 0:
        return None
    lines = (result.stderr or result.stdout).strip().splitlines()
    return lines[-1][:160] if lines else "no message"
