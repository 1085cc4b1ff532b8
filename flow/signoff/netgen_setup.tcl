# Netgen: which pins of a device may be swapped, and how far its width and length may differ.
permute default
property default
foreach circuit {-circuit1 -circuit2} {
    foreach device $env(EXPMUL_TRANSISTORS) {
        catch {permute "$circuit $device" 1 3}
        catch {property "$circuit $device" tolerance {w 0.01} {l 0.01}}
    }
    foreach device $env(EXPMUL_RESISTORS) {
        catch {permute "$circuit $device" 1 2}
    }
}
