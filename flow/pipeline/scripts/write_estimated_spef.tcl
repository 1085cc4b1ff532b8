# Parasitics by the technology LEF's resistance and capacitance, where the PDK has no extraction rules.
estimate_parasitics -global_routing -spef_file "outputs/${sc_topmodule}.typical.spef"
