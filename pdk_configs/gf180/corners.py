"""180MCU's corners beside the typical one, of the supply of 5 V."""

from pdk_configs.corners import Corner

CORNERS = (
    Corner("slow", "ss", 4.5, 125.0, ("gf180mcu_fd_sc_mcu7t5v0__ss_125C_4v50.lib.gz",)),
    Corner("fast", "ff", 5.5, -40.0, ("gf180mcu_fd_sc_mcu7t5v0__ff_n40C_5v50.lib.gz",)),
)
