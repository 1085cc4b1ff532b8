# The router that leads a net past its new diode finds no way where nearly all of a layer is kept free for pins
# (GRT-0183): keep at most this share of each routing layer free while antennas are repaired.
set free_share_max 0.4
foreach layer [[ord::get_db_tech] getLayers] {
    set free_share [$layer getLayerAdjustment]
    if { [$layer getRoutingLevel] > 0 && $free_share > $free_share_max && $free_share < 1 } {
        set_global_routing_layer_adjustment [$layer getName] $free_share_max
    }
}
