"""SkyWater 130's transistors: those of its high-density cells, all of one threshold each."""

from pathlib import Path

from pdk_configs.transistors import Transistors

TRANSISTORS = Transistors(
    foundry_technology="lambdapdk/sky130/base/setup/magic/sky130A.tech",
    rules_style="drc(full)",
    own_technology=Path(__file__).with_name("cells.tech"),
    net_of_pin={"VGND": "VSS", "VNB": "VSS", "VPWR": "VDD", "VPB": "VDD"},
    transistors={
        "nfet_01v8": "sky130_fd_pr__nfet_01v8",
        "pfet_01v8_hvt": "sky130_fd_pr__pfet_01v8_hvt",
    },
    # A tie cell's output is its supply by a short piece of poly.
    resistors={"short": "sky130_fd_pr__res_generic_po"},
    missing_devices={"sky130_fd_sc_hd__diode_2": "X0 VNB DIODE sky130_fd_pr__diode_pw2nd_05v5"},
)
