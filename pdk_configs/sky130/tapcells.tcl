# The process wants a well tap within 15 um of every cell: 14 um from column to column, staggered.
tapcell -distance 14 -tapcell_master sky130_fd_sc_hd__tapvpwrvgnd_1
