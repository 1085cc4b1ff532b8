add_global_connection -net VDD -inst_pattern {.*} -pin_pattern {^VPWR$} -power
add_global_connection -net VDD -inst_pattern {.*} -pin_pattern {^VPB$}
add_global_connection -net VSS -inst_pattern {.*} -pin_pattern {^VGND$} -ground
add_global_connection -net VSS -inst_pattern {.*} -pin_pattern {^VNB$}
