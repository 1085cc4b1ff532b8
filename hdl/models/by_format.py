"""Which models of the arithmetic a format has: those that flush, or those of IEEE 754."""

from types import ModuleType

from hdl.formats import FloatFormat
from hdl.ieee_format import IeeeFormat
from hdl.models import arithmetic, ieee


def arithmetic_of(fmt: FloatFormat) -> ModuleType:
    """Return the module whose `add`, `subtract`, `dot_product` and `divide` compute on codes of `fmt`."""
    return ieee if isinstance(fmt, IeeeFormat) else arithmetic
