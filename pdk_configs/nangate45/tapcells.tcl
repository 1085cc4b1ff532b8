# TAPCELL_X1 serves as end cap and as well tap; 120 um between taps keeps every well tied.
tapcell -distance 120 -tapcell_master TAPCELL_X1 -endcap_master TAPCELL_X1
