"""SG13G2's corners beside the typical one, of the library for 1.2 V."""

from pdk_configs.corners import Corner

CORNERS = (
    Corner("slow", "ss", 1.08, 125.0, ("sg13g2_stdcell_slow_1p08V_125C.lib",)),
    Corner("fast", "ff", 1.32, -40.0, ("sg13g2_stdcell_fast_1p32V_m40C.lib",)),
)
