"""What a name in Verilog may be."""

import re
from collections.abc import Iterator

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
LENGTH_MAX = 200  # the converter writes each module to a file of its name
# `before` is left out, a signal in Verilog that is kept: the files are Verilog-2001, where it is a name.
# Of Verilog-2005 (IEEE 1364-2005, annex B) and SystemVerilog-2017 (IEEE 1800-2017, annex B).
RESERVED_WORDS = """
always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default
defparam design disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive
endspecify endtable endtask event for force forever fork function generate genvar highz0 highz1 if
ifnone incdir include initial inout input instance integer join large liblist library localparam
macromodule medium module nand negedge nmos nor noshowcancelled not notif0 notif1 or output parameter
pmos posedge primitive pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real
realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small
specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1
triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor accept_on
alias always_comb always_ff always_latch assert assume bind bins binsof bit break byte chandle checker
class clocking const constraint context continue cover covergroup coverpoint cross dist do endchecker
endclass endclocking endgroup endinterface endpackage endprogram endproperty endsequence enum eventually
expect export extends extern final first_match foreach forkjoin global iff ignore_bins illegal_bins
implements implies import inside int interconnect interface intersect join_any join_none let local logic
longint matches modport nettype new nexttime null package packed priority program property protected
pure rand randc randcase randsequence ref reject_on restrict return s_always s_eventually s_nexttime
s_until s_until_with sequence shortint shortreal soft solve static string strong struct super
sync_accept_on sync_reject_on tagged this throughout timeprecision timeunit type typedef union unique
unique0 until until_with untyped var virtual void wait_order weak wildcard with within
"""
RESERVED = frozenset(RESERVED_WORDS.split())


DECLARED = re.compile(
    r"^\s*(?:input|output|wire|reg|integer)\s+(?:signed\s+)?(?:\[[^\]]*\]\s+)?(\S+?)(?:\s*\[[^\]]*\])?\s*[;=]",
    re.MULTILINE,
)
INSTANCE = re.compile(r"^(?!module )\S+ (\S+) \($", re.MULTILINE)
LABEL = re.compile(r"\bbegin: (\S+)$", re.MULTILINE)


def faults_of_names(module_text: str) -> Iterator[str]:
    """Yield what is wrong with the names in the text of a module, each in a few words.

    Signals (ports among them), instances and named blocks of a module share one name space.
    """
    kinds: dict[str, str] = {}
    for kind, pattern in (("signal", DECLARED), ("instance", INSTANCE), ("generator", LABEL)):
        for name in dict.fromkeys(pattern.findall(module_text)):
            fault = name_fault(name)
            if fault:
                yield f"{kind} {name}: {fault}"
            elif name in kinds:
                yield f"{kind} {name}: a {kinds[name]} has this name"
            kinds.setdefault(name, kind)


def name_fault(name: str) -> str | None:
    """Return why Verilog cannot take `name`, in a few words; None for a name that it can."""
    if name in RESERVED:
        return "a reserved word of Verilog"
    if not IDENTIFIER.fullmatch(name):
        return "letters of ASCII, digits and underscores only, no digit first"
    if len(name) > LENGTH_MAX:
        return f"more than {LENGTH_MAX} characters"
    return None
