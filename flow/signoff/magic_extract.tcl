# Magic: the netlist of transistors of a layout, as SPICE in EXPMUL_SPICE.
# Nets that carry one name and do not touch get different names: else an open would not show.
if {[catch {
    tech load $env(EXPMUL_TECHNOLOGY)
    if {[tech name] ne $env(EXPMUL_TECHNOLOGY_NAME)} {error "Magic does not take the technology"}
    drc off
    gds readonly true
    gds read $env(EXPMUL_GDS)
    foreach cell [cellname list allcells] {
        if {$cell ne "(UNNAMED)"} {
            load $cell
            select top cell
            port makeall
        }
    }
    load $env(EXPMUL_TOP)
    select top cell
    extract do local
    foreach part {capacitance coupling resistance adjust} {extract no $part}
    extract unique
    extract all
    ext2spice lvs
    ext2spice -o $env(EXPMUL_SPICE)
} message]} {
    puts stderr "Error: $message"
    exit 1
}
quit -noprompt
