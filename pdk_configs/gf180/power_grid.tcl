# Rails on Metal1 follow the rows; straps on Metal4 (vertical) and Metal5 (horizontal) feed them.
set_voltage_domain -name CORE -power VDD -ground VSS
define_pdn_grid -name core -voltage_domains CORE -pins Metal5
add_pdn_stripe -grid core -layer Metal1 -width 0.60 -followpins
add_pdn_stripe -grid core -layer Metal4 -width 1.60 -pitch 56.00 -offset 14.00
add_pdn_stripe -grid core -layer Metal5 -width 1.60 -pitch 54.88 -offset 13.72
add_pdn_connect -grid core -layers {Metal1 Metal4}
add_pdn_connect -grid core -layers {Metal4 Metal5}
