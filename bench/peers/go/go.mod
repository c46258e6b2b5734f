module evac_go_maps

go 1.17
