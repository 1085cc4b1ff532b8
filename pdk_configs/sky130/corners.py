"""SkyWater 130's corners beside the typical one. At 1.40 V the cells are slowest in the cold."""

from pdk_configs.corners import Corner

CORNERS = (
    Corner("slow", "ss", 1.40, -40.0, ("sky130_fd_sc_hd__ss_n40C_1v40.lib.gz",)),
    Corner("fast", "ff", 1.95, 100.0, ("sky130_fd_sc_hd__ff_100C_1v95.lib.gz",)),
)
