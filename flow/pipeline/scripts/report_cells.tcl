# Worst slacks of every pin and port of the routed design, and its worst paths, with the wires of the SPEF.
# Environment: EXPMUL_TOP, EXPMUL_LIBERTY (files, one a line), EXPMUL_PATHS (so many of each path group).
set top $::env(EXPMUL_TOP)
foreach liberty [split $::env(EXPMUL_LIBERTY) "\n"] { read_liberty $liberty }
read_db inputs/$top.odb.gz
read_sdc inputs/$top.sdc
read_spef inputs/$top.typical.spef

proc write_slacks { path objects } {
    set file [open $path w]
    foreach object $objects {
        puts $file [join [list [get_full_name $object] [get_property $object slack_max] \
            [get_property $object slack_min]] "\t"]
    }
    close $file
}

write_slacks reports/pins.tsv [get_pins */*]
write_slacks reports/outputs.tsv [all_outputs]
write_slacks reports/registers.tsv [all_registers -data_pins]
foreach { check delay } { setup max hold min } {
    report_checks -path_delay $delay -group_path_count $::env(EXPMUL_PATHS) -format json > reports/$check.json
}
