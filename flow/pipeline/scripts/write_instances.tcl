# One line per placed cell: name, master, area in um2 and what it is for, by OpenROAD's own classes.
# A cell without a signal pin is a filler even where its LEF calls it a core cell.
proc has_signal_pin { master } {
    foreach pin [$master getMTerms] {
        if { [$pin getSigType] == "SIGNAL" || [$pin getSigType] == "CLOCK" } { return 1 }
    }
    return 0
}

set instances_file [open "reports/instances.tsv" w]
foreach instance [[ord::get_db_block] getInsts] {
    set master [$instance getMaster]
    set area_um2 [expr {
        [ord::dbu_to_microns [$master getWidth]] * [ord::dbu_to_microns [$master getHeight]]
    }]
    if { [$master isFiller] } {
        set kind "filler"
    } elseif { [$master getType] == "CORE_WELLTAP" || [$master isEndCap] } {
        set kind "tap"
    } elseif { ![has_signal_pin $master] } {
        set kind "filler"
    } else {
        set kind "logic"
    }
    puts $instances_file [join [list [$instance getName] [$master getName] $area_um2 $kind] "\t"]
}
close $instances_file
