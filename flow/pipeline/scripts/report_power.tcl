# Power of the routed design at each activity, as a whole and cell by cell.
# Environment: EXPMUL_TOP, EXPMUL_LIBERTY (files, one a line), EXPMUL_ACTIVITIES (list of names).
set top $::env(EXPMUL_TOP)
foreach liberty [split $::env(EXPMUL_LIBERTY) "\n"] { read_liberty $liberty }
read_db inputs/$top.odb.gz
read_sdc inputs/$top.sdc
read_spef inputs/$top.typical.spef

proc write_cells { path } {
    set file [open $path w]
    foreach cell [get_cells *] {
        puts $file [join [list [get_full_name $cell] {*}[sta::instance_power $cell [sta::cmd_corner]]] "\t"]
    }
    close $file
}

foreach activity [list default {*}$::env(EXPMUL_ACTIVITIES)] {
    if { $activity != "default" } {
        read_saif -scope $top inputs/$top.$activity.saif
    }
    report_power -digits 6 > reports/power.$activity.rpt
    report_activity_annotation > reports/annotation.$activity.rpt
    write_cells reports/power.$activity.tsv
}
