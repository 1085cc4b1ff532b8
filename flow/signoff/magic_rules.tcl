# Magic: the places that break a rule, one a line in EXPMUL_PLACES: left, bottom, right, top in um, the rule.
if {[catch {
    tech load $env(EXPMUL_TECHNOLOGY)
    if {[tech name] ne $env(EXPMUL_TECHNOLOGY_NAME)} {error "Magic does not take the technology"}
    drc off
    # Of a file that is only to be read Magic checks nothing.
    gds readonly false
    gds read $env(EXPMUL_GDS)
    load $env(EXPMUL_TOP)
    select top cell
    if {[llength [what -list]] == 0 || [box size] eq "0 0"} {error "no shape of the layout is known here"}
    if {[lsearch -exact [drc listall style] $env(EXPMUL_STYLE)] < 0} {error "no rules $env(EXPMUL_STYLE)"}
    drc style $env(EXPMUL_STYLE)
    drc euclidean on
    drc check
    drc catchup
    set um [cif scale output]
    set file [open $env(EXPMUL_PLACES) w]
    foreach {rule places} [drc listall why] {
        foreach place $places {
            foreach edge $place {puts -nonewline $file "[format %.4f [expr {$edge * $um}]] "}
            puts $file $rule
        }
    }
    close $file
} message]} {
    puts stderr "Error: $message"
    exit 1
}
quit -noprompt
