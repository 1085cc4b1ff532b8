# Slacks, shortest clock period and power of the routed design at each corner, with the wires of the SPEF.
# Environment: EXPMUL_TOP, EXPMUL_CORNERS (names), EXPMUL_LIBERTY_<corner> (files, one a line), EXPMUL_ACTIVITY
# (of the power). Times are in seconds.
set top $::env(EXPMUL_TOP)
set corners $::env(EXPMUL_CORNERS)
define_corners {*}$corners
foreach corner $corners {
    foreach liberty [split $::env(EXPMUL_LIBERTY_$corner) "\n"] { read_liberty -corner $corner $liberty }
}
read_db inputs/$top.odb.gz
read_sdc inputs/$top.sdc
foreach corner $corners { read_spef -corner $corner inputs/$top.typical.spef }
read_saif -scope $top inputs/$top.$::env(EXPMUL_ACTIVITY).saif

# The shortest period is by the worst setup path, ports included, as that of `find_clk_min_period`, which knows
# no corner.
set period [sta::time_ui_sta [get_property [lindex [all_clocks] 0] period]]

set table [open reports/corners.tsv w]
foreach corner [sta::corners] {
    set name [$corner name]
    report_checks -corner $name -path_delay max -format full_clock_expanded > reports/setup.$name.rpt
    report_checks -corner $name -path_delay min -format full_clock_expanded > reports/hold.$name.rpt
    report_power -corner $name -digits 6 > reports/power.$name.rpt
    set setup_slack [sta::worst_slack_corner $corner max]
    set hold_slack [sta::worst_slack_corner $corner min]
    puts $table [join [list $name $setup_slack $hold_slack [expr { $period - $setup_slack }]] "\t"]
}
close $table
