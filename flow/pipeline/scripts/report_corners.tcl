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

# As `find_clk_min_period`, which knows no corner, finds it: by the paths between registers.
proc min_period { corner_name } {
    set paths [find_timing_paths -corner $corner_name -path_delay max -sort_by_slack \
        -from [all_registers -clock_pins] -to [all_registers -data_pins]]
    if { [llength $paths] == 0 } { return "" }
    set period [get_property [lindex [all_clocks] 0] period]
    return [sta::time_ui_sta [expr { $period - [get_property [lindex $paths 0] slack] }]]
}

set table [open reports/corners.tsv w]
foreach corner [sta::corners] {
    set name [$corner name]
    report_checks -corner $name -path_delay max -format full_clock_expanded > reports/setup.$name.rpt
    report_checks -corner $name -path_delay min -format full_clock_expanded > reports/hold.$name.rpt
    report_power -corner $name -digits 6 > reports/power.$name.rpt
    set slacks [list [sta::worst_slack_corner $corner max] [sta::worst_slack_corner $corner min]]
    puts $table [join [list $name {*}$slacks [min_period $name]] "\t"]
}
close $table
