"""The names of a function's local variables, in one order whatever Python runs it.

MyHDL takes signals and instances from a frame's locals, and writes them in that order. Python has changed it:
since 3.12 a comprehension is no function of its own, so the names that it reads are ordinary locals.
The order here is Python 3.11's, found in the source: parameters, locals as they are assigned, and then, by
name, the locals that nested functions, lambdas or comprehensions read.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@cache
def function_tree(function: Callable[..., Any]) -> ast.FunctionDef:
    """Return the syntax tree of a function, from its source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            return node
    raise ValueError(f"{function.__name__}: no source")


def docstring(function: Callable[..., Any]) -> str:
    """Return the function's docstring without indentation; Python's -OO does not take it away."""
    return ast.get_docstring(function_tree(function)) or ""


@cache
def local_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the function's locals, those of functions around it last."""
    node = function_tree(function)
    scope = _Scope()
    arguments = node.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        scope.store(argument.arg)
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            scope.store(extra.arg)
    parameters = tuple(scope.stored)
    for statement in node.body:
        scope.visit(statement)
    captured = scope.captured - set(parameters)
    plain = [name for name in scope.stored if name not in captured]
    around = sorted(function.__code__.co_freevars)
    return (*plain, *sorted(captured & set(scope.stored)), *around)


def in_order_of_calls(names: tuple[str, ...], bound: Iterable[frozenset[str]]) -> tuple[str, ...]:
    """Return `names` in the order in which a frame's locals grow.

    `bound` are the names that had a value whenever the frame was looked at, in any order. Those of an
    earlier look stand before those that came later.
    """
    order: dict[str, None] = {}
    for known in [*sorted(bound, key=len), frozenset(names)]:
        order.update(dict.fromkeys(name for name in names if name in known and name not in order))
    return tuple(order)


class _Scope(ast.NodeVisitor):
    """The names that a function's own statements assign, in order, and those that inner scopes read."""

    def __init__(self) -> None:
        self.stored: dict[str, None] = {}
        self.captured: set[str] = set()

    def store(self, name: str) -> None:
        self.stored.setdefault(name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.store(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for outside in [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(outside)
        self.captured |= _free_names(node.args, node.body)
        self.store(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for outside in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(outside)
        self.captured |= _free_names(node.args, [node.body])

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, Comprehension):
            self.visit(node.generators[0].iter)
            self.captured |= _free_in_comprehension(node)
        else:
            super().generic_visit(node)


def _free_names(arguments: ast.arguments, body: list[Any]) -> set[str]:
    """Return the names that an inner function reads and does not have itself."""
    inner = _Scope()
    reads: set[str] = set()
    for statement in body:
        inner.visit(statement)
        reads |= _names_read(statement)
    everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    everything += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    own = set(inner.stored) | {argument.arg for argument in everything}
    return reads - own


def _free_in_comprehension(node: Comprehension) -> set[str]:
    """Return the names of the scope around it that a comprehension reads, but for its first iterable."""
    own = {
        name.id
        for generator in node.generators
        for name in ast.walk(generator.target)
        if isinstance(name, ast.Name)
    }
    parts: list[ast.AST] = [test for generator in node.generators for test in generator.ifs]
    parts += [generator.iter for generator in node.generators[1:]]
    parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    reads: set[str] = set()
    for part in parts:
        reads |= _names_read(part)
    return reads - own


def _names_read(tree: ast.AST) -> set[str]:
    """Return the names that `tree` reads of the scope in which it stands, inner scopes included."""
    if isinstance(tree, Comprehension):
        return _names_read(tree.generators[0].iter) | _free_in_comprehension(tree)
    if isinstance(tree, ast.Lambda):
        return _free_names(tree.args, [tree.body])
    if isinstance(tree, ast.FunctionDef):
        outside: set[str] = set()
        for part in [*tree.decorator_list, *tree.args.defaults, *filter(None, tree.args.kw_defaults)]:
            outside |= _names_read(part)
        return outside | _free_names(tree.args, tree.body)
    if isinstance(tree, ast.Name):
        return {tree.id} if isinstance(tree.ctx, ast.Load) else set()
    reads: set[str] = set()
    for child in ast.iter_child_nodes(tree):
        reads |= _names_read(child)
    return reads
