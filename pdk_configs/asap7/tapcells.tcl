# A well tap at both ends of each row and at most 25 um apart.
tapcell -distance 25 -tapcell_master TAPCELL_ASAP7_75t_R
