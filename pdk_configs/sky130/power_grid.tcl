# Rails on met1 follow the rows; straps on met4 (vertical) and met5 (horizontal) feed them.
set_voltage_domain -name CORE -power VDD -ground VSS
define_pdn_grid -name core -voltage_domains CORE -pins met5
add_pdn_stripe -grid core -layer met1 -width 0.48 -followpins
add_pdn_stripe -grid core -layer met4 -width 1.60 -pitch 54.40 -offset 13.60
add_pdn_stripe -grid core -layer met5 -width 1.60 -pitch 54.40 -offset 13.60
add_pdn_connect -grid core -layers {met1 met4}
add_pdn_connect -grid core -layers {met4 met5}
