# Netgen: two netlists of one top compared, cell by cell; the report is EXPMUL_REPORT and, as JSON, beside it.
lvs [list $env(EXPMUL_LAYOUT) $env(EXPMUL_TOP)] [list $env(EXPMUL_REFERENCE) $env(EXPMUL_TOP)] \
    $env(EXPMUL_SETUP) $env(EXPMUL_REPORT) -json
quit
