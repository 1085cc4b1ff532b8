# SiliconCompiler takes a tie cell that is not set for one without a name (IFP-0031): say that there is none.
proc sc_has_tie_cell { type } { return 0 }
