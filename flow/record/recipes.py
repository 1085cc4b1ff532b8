"""The recipes by which synthesis maps a circuit to the library's cells: what each is for."""

TIMING = "timing"
AREA = "area"
ADDERS = "adders"
BOOTH = "booth"

RECIPES = {
    TIMING: "mapped for delay, as Yosys does by itself",
    AREA: "resubstituted, then mapped for area and sized for the clock",
    ADDERS: "as area, with the library's full and half adders where the logic holds one",
    BOOTH: "as area, with Booth-recoded multipliers",
}
