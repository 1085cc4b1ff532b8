"""What the steps of full sign-off are told: Magic's technology in the data, and the programs."""

from pathlib import Path

from siliconcompiler import ASIC

from flow.record.provenance import digest_of, sha256
from flow.tools.layout_programs import NoProgramError, find_layout_programs
from pdk_configs.pdk import CONFIGS_DIR, Pdk
from pdk_configs.transistors import FILE_NAME, transistors_of

NONE = "none"
# The names that SiliconCompiler's object of a PDK has for its technology of Magic's.
RUNSETS = ("pdk", "drc", "runsetfileset", "magic", "basic")


def full_signoff_values(project: ASIC, pdk: Pdk) -> dict[str, str]:
    """Return the values of the steps' parameters (`flow.pipeline.steps.full_signoff_task`), by name.

    The programs are fetched at first use.
    """
    facts = transistors_of(pdk)
    if facts is None:
        return {"magic_technology": NONE, "layout_programs": NONE, "transistors_sha256": NONE}
    technology = foundry_technology(project)
    try:
        programs = find_layout_programs().identity
    except NoProgramError as error:
        programs = f"{NONE}: {error}"
    files = (CONFIGS_DIR / pdk.name / FILE_NAME, facts.own_technology, *([technology] if technology else []))
    return {
        "magic_technology": str(technology or NONE),
        "layout_programs": programs,
        "transistors_sha256": digest_of([sha256(file) for file in files]),
    }


def foundry_technology(project: ASIC) -> Path | None:
    """Return Magic's technology file among the PDK's data, None where there is none."""
    library = project.get("library", project.get("asic", "pdk"), field="schema")
    for fileset in library.get(*RUNSETS) if library.valid(*RUNSETS) else ():
        for path in library.find_files("fileset", fileset, "file", "tech", missing_ok=True):
            if path and Path(path).is_file():
                return Path(path)
    return None
