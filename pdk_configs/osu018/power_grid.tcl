# Rails on metal1 follow the rows; straps on metal4 (vertical) and metal5 (horizontal) feed them.
set_voltage_domain -name CORE -power VDD -ground VSS
define_pdn_grid -name core -voltage_domains CORE -pins metal5
add_pdn_stripe -grid core -layer metal1 -width 0.6 -followpins
add_pdn_stripe -grid core -layer metal4 -width 1.6 -pitch 48 -offset 12
add_pdn_stripe -grid core -layer metal5 -width 1.6 -pitch 50 -offset 15
add_pdn_connect -grid core -layers {metal1 metal4}
add_pdn_connect -grid core -layers {metal4 metal5}
