"""Parameters of designs, each declared once: name, default, what it may be, what it means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hdl.formats import FloatFormat, parse_format
from hdl.ieee_format import NEAREST, ieee_format
from hdl.known_names import nearest_of

# Words of `arithmetic`, `products`, `division` and `exponential` that change what a model computes.
FLUSH, IEEE = "flush", "ieee"
ONE = "one"
LOG = "log"
CONSTANTS = "constants"
PIECEWISE, VEXP = "piecewise", "vexp"

# A number, or what gives it for the parameters declared before.
Bound = int | Callable[["Parameters"], int]


@dataclass(frozen=True)
class Parameters:
    """A design's parameters with their values: `values.d`; equal and hashable by them."""

    items: tuple[tuple[str, Any], ...]

    def __getattr__(self, name: str) -> Any:
        """Return the value of the parameter `name`."""
        if name != "items":
            for known, value in self.items:
                if known == name:
                    return value
        raise AttributeError(name)

    @property
    def fmt(self) -> FloatFormat:
        """The format itself, where there is a parameter `format`: an `IeeeFormat` in IEEE arithmetic."""
        if getattr(self, "arithmetic", FLUSH) == IEEE:
            return ieee_format(self.format, getattr(self, "rounding", NEAREST))
        return parse_format(self.format)


class Parameter(Protocol):
    """A parameter of a design."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def meaning(self) -> str:
        """What it means, in a line."""

    @property
    def may_be_implied(self) -> bool:
        """Whether there is a value that a run does not say: its name and its record leave it out."""

    def is_implied(self, value: Any) -> bool:
        """Whether `value` is that one."""

    def value(self, given: Any, before: Parameters) -> Any:
        """Return `given` if it may be, the default for None; raise ValueError with one line else."""


@dataclass(frozen=True)
class Integer:
    """An integer from `smallest` to `largest`."""

    name: str
    default: Bound
    smallest: Bound
    largest: Bound
    meaning: str
    may_be_implied = False

    def is_implied(self, value: Any) -> bool:
        """Return False: a run always says its value."""
        return False

    def value(self, given: Any, before: Parameters) -> int:
        """Return the value, checked."""
        chosen = _bound(self.default, before) if given is None else given
        check_range(self.name, chosen, _bound(self.smallest, before), _bound(self.largest, before))
        return int(chosen)


@dataclass(frozen=True)
class Choice:
    """One of a few words, by default the first.

    excludes       words that do not go with a word of a parameter before: (word, parameter, its word)
    default_known  the default is what runs had before there was the parameter: they do not say it
    """

    name: str
    words: tuple[str, ...]
    meaning: str
    excludes: tuple[tuple[str, str, str], ...] = ()
    default_known: bool = False

    @property
    def may_be_implied(self) -> bool:
        """Whether its default goes without saying."""
        return self.default_known

    def is_implied(self, value: Any) -> bool:
        """Return whether `value` is a default that goes without saying."""
        return self.default_known and value == self.words[0]

    def word(self, given: Any) -> str:
        """Return `given` if it is one of the words, the default for None; raise ValueError else."""
        chosen = self.words[0] if given is None else given
        if chosen not in self.words:
            raise ValueError(f"{self.name} must be {' or '.join(self.words)}, not {chosen!r}")
        return str(chosen)

    def value(self, given: Any, before: Parameters) -> str:
        """Return the value, checked, also against those before it."""
        chosen = self.word(given)
        for word, name, its_word in self.excludes:
            if chosen == word and getattr(before, name, None) == its_word:
                raise ValueError(f"{self.name} {word} does not go with {name} {its_word}")
        return chosen


@dataclass(frozen=True)
class Arithmetic(Choice):
    """A choice of which `ieee` is not to be had in every format."""

    def value(self, given: Any, before: Parameters) -> str:
        """Return the value, checked."""
        chosen = super().value(given, before)
        if chosen == IEEE:
            try:
                ieee_format(before.format)
            except ValueError as error:
                raise ValueError(f"{self.name} {IEEE}: {error}") from None
        return chosen


@dataclass(frozen=True)
class FormatChoice(Choice):
    """A choice of which some words are for one format alone: (word, the format's name)."""

    only: tuple[tuple[str, str], ...] = ()

    def value(self, given: Any, before: Parameters) -> str:
        """Return the value, checked."""
        chosen = super().value(given, before)
        for word, name in self.only:
            if chosen == word and before.format != name:
                raise ValueError(f"{self.name} {word} is for format {name} alone, not {before.format}")
        return chosen


@dataclass(frozen=True)
class Format:
    """A floating-point format by name, with at most `mantissa_bits_max` bits of mantissa."""

    name: str = "format"
    default: str = "bf16"
    mantissa_bits_max: int = 23
    meaning: str = "floating-point format of all numbers"
    may_be_implied = False

    def is_implied(self, value: Any) -> bool:
        """Return False: a run always says its value."""
        return False

    def value(self, given: Any, before: Parameters) -> str:
        """Return the name, checked."""
        fmt = parse_format(self.default if given is None else given)
        if fmt.mantissa_bits > self.mantissa_bits_max:
            raise ValueError(
                f"format {fmt.name}: a kernel's mantissa has at most {self.mantissa_bits_max} bits"
            )
        return fmt.name


def make_parameters(owner: str, declared: Sequence[Parameter], given: Mapping[str, Any]) -> Parameters:
    """Return all `declared` parameters, with `given` in the place of the defaults.

    Raises ValueError, in one line, for a name that `owner` does not have and for a value that may not be.
    """
    for name in given:
        if name not in [parameter.name for parameter in declared]:
            known = [parameter.name for parameter in declared]
            raise ValueError(f"{owner} has no parameter '{name}': {nearest_of(name, known)}")
    values = Parameters(())
    for parameter in declared:
        value = parameter.value(given.get(parameter.name), values)
        values = Parameters((*values.items, (parameter.name, value)))
    return values


def check_range(name: str, value: Any, smallest: int, largest: int) -> None:
    """Raise ValueError unless `value` is an int of smallest..largest."""
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        raise ValueError(f"{name} must be an integer from {smallest} to {largest}, not {value!r}")


def _bound(bound: Bound, before: Parameters) -> int:
    return bound if isinstance(bound, int) else bound(before)
