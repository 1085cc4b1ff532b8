"""ASAP7's corners beside the typical one: SiliconCompiler's download has them."""

from pdk_configs.corners import Corner

KINDS = ("AO", "INVBUF", "OA", "SEQ", "SIMPLE")


def liberty_names(process: str) -> tuple[str, ...]:
    """Return the names of the Liberty files of a process corner, `SS` or `FF`."""
    return tuple(f"asap7sc7p5t_{kind}_RVT_{process}_nldm.lib.gz" for kind in KINDS)


CORNERS = (
    Corner("slow", "ss", 0.63, 100.0, liberty_names("SS")),
    Corner("fast", "ff", 0.77, 0.0, liberty_names("FF")),
)
