add_global_connection -net VDD -inst_pattern {.*} -pin_pattern {^(VDD|VNW)$} -power
add_global_connection -net VSS -inst_pattern {.*} -pin_pattern {^(VSS|VPW)$} -ground
