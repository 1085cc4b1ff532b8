"""Boolean expressions in Liberty's syntax.

Operators, tightest first: `!a` and `a'` (not), `a ^ b`, `a & b`, `a | b`. `a * b` and `a b` are `a & b` too,
`a + b` is `a | b`. There are parentheses and the constants 0 and 1.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

Operator = Literal["const", "var", "not", "and", "or", "xor"]

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_][\w\[\]]*)|(?P<sign>[01!\'^&*|+()]))")


@dataclass(frozen=True)
class Expression:
    """A node: `operator` with its `operands`; `name` is a variable's name, or "0" or "1"."""

    operator: Operator
    operands: tuple["Expression", ...] = ()
    name: str = ""

    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables, sorted, each once."""
        if self.operator == "var":
            return (self.name,)
        return tuple(sorted({name for operand in self.operands for name in operand.variables()}))

    def verilog(self) -> str:
        """Return the expression in Verilog, fully parenthesised."""
        if self.operator == "const":
            return f"1'b{self.name}"
        if self.operator == "var":
            return self.name
        if self.operator == "not":
            return f"~{self.operands[0].verilog()}"
        sign = {"and": "&", "or": "|", "xor": "^"}[self.operator]
        return "(" + f" {sign} ".join(operand.verilog() for operand in self.operands) + ")"

    def value(self, values: dict[str, bool]) -> bool:
        """Return the value of the expression for `values` of its variables."""
        if self.operator == "const":
            return self.name == "1"
        if self.operator == "var":
            return values[self.name]
        results = [operand.value(values) for operand in self.operands]
        if self.operator == "not":
            return not results[0]
        if self.operator == "and":
            return all(results)
        if self.operator == "or":
            return any(results)
        return sum(results) % 2 == 1


ZERO = Expression("const", name="0")
ONE = Expression("const", name="1")


def variable(name: str) -> Expression:
    """Return the expression of one variable."""
    return Expression("var", name=name)


def inverted(operand: Expression) -> Expression:
    """Return the complement of `operand`."""
    return operand.operands[0] if operand.operator == "not" else Expression("not", (operand,))


def all_of(*operands: Expression) -> Expression:
    """Return the conjunction of `operands` (1 for none)."""
    return operands[0] if len(operands) == 1 else Expression("and", operands) if operands else ONE


def any_of(*operands: Expression) -> Expression:
    """Return the disjunction of `operands` (0 for none)."""
    return operands[0] if len(operands) == 1 else Expression("or", operands) if operands else ZERO


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise ValueError(f"Liberty function '{text}': unexpected '{text[position:].lstrip()[0]}'")
            self.tokens.append(match["name"] or match["sign"])
            position = match.end()
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def disjunction(self) -> Expression:
        terms = [self.conjunction()]
        while self.peek() in ("|", "+"):
            self.take()
            terms.append(self.conjunction())
        return any_of(*terms)

    def conjunction(self) -> Expression:
        terms = [self.exclusive()]
        while self.peek() not in ("", "|", "+", ")"):
            if self.peek() in ("&", "*"):
                self.take()
            terms.append(self.exclusive())
        return all_of(*terms)

    def exclusive(self) -> Expression:
        terms = [self.factor()]
        while self.peek() == "^":
            self.take()
            terms.append(self.factor())
        return terms[0] if len(terms) == 1 else Expression("xor", tuple(terms))

    def factor(self) -> Expression:
        token = self.take()
        if token == "!":
            result = inverted(self.factor())
        elif token == "(":
            result = self.disjunction()
            if self.take() != ")":
                raise ValueError(f"Liberty function '{self.text}': ')' missing")
        elif token in ("0", "1"):
            result = ONE if token == "1" else ZERO
        elif token and (token[0].isalpha() or token[0] == "_"):
            result = variable(token)
        else:
            raise ValueError(f"Liberty function '{self.text}': operand missing")
        while self.peek() == "'":
            self.take()
            result = inverted(result)
        return result


@cache
def parse(text: str) -> Expression:
    """Return the expression that `text` writes in Liberty's syntax. Raises ValueError where it is none."""
    parser = _Parser(text)
    result = parser.disjunction()
    if parser.peek():
        raise ValueError(f"Liberty function '{text}': unexpected '{parser.peek()}'")
    return result
