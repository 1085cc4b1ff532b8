# M2 has six tracks between the rails of a row of 0.27 um, M1 the cells' own; the others their pitch.
make_tracks M1 -x_offset 0.0 -x_pitch 0.036 -y_offset 0.0 -y_pitch 0.036
foreach offset {0.0 0.045 0.081 0.117 0.153 0.189 0.225} {
  make_tracks M2 -x_offset 0.0 -x_pitch 0.036 -y_offset $offset -y_pitch 0.27
}
make_tracks M3 -x_offset 0.0 -x_pitch 0.036 -y_offset 0.0 -y_pitch 0.036
make_tracks M4 -x_offset 0.0 -x_pitch 0.048 -y_offset 0.003 -y_pitch 0.048
make_tracks M5 -x_offset 0.0 -x_pitch 0.048 -y_offset 0.0 -y_pitch 0.048
make_tracks M6 -x_offset 0.0 -x_pitch 0.064 -y_offset 0.0 -y_pitch 0.064
make_tracks M7 -x_offset 0.0 -x_pitch 0.064 -y_offset 0.0 -y_pitch 0.064
make_tracks M8 -x_offset 0.0 -x_pitch 0.08 -y_offset 0.0 -y_pitch 0.08
make_tracks M9 -x_offset 0.0 -x_pitch 0.08 -y_offset 0.0 -y_pitch 0.08
