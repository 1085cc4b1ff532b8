# Rails on M1 and M2 follow the rows; straps on M5 (vertical) and M6 (horizontal) feed them.
set_voltage_domain -name CORE -power VDD -ground VSS
define_pdn_grid -name core -voltage_domains CORE -pins M6
add_pdn_stripe -grid core -layer M1 -width 0.018 -followpins
add_pdn_stripe -grid core -layer M2 -width 0.018 -followpins
add_pdn_stripe -grid core -layer M5 -width 0.12 -spacing 0.072 -pitch 5.4 -offset 1.5
add_pdn_stripe -grid core -layer M6 -width 0.288 -spacing 0.096 -pitch 5.4 -offset 1.513
add_pdn_connect -grid core -layers {M1 M2}
add_pdn_connect -grid core -layers {M2 M5}
add_pdn_connect -grid core -layers {M5 M6}
