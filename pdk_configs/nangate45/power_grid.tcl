# Rails on metal1 follow the rows; straps on metal4 (vertical) and metal7 (horizontal) feed them.
set_voltage_domain -name CORE -power VDD -ground VSS
define_pdn_grid -name core -voltage_domains CORE -pins metal7
add_pdn_stripe -grid core -layer metal1 -width 0.17 -followpins
add_pdn_stripe -grid core -layer metal4 -width 0.48 -pitch 20.16 -offset 5.04
add_pdn_stripe -grid core -layer metal7 -width 1.40 -pitch 20.16 -offset 5.04
add_pdn_connect -grid core -layers {metal1 metal4}
add_pdn_connect -grid core -layers {metal4 metal7}
