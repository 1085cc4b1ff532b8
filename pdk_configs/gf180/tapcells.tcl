# Wells are tied every 20 um along a row, and closed at its ends.
tapcell -distance 20 -tapcell_master gf180mcu_fd_sc_mcu7t5v0__filltie \
    -endcap_master gf180mcu_fd_sc_mcu7t5v0__endcap
