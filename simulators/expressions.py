"""Whole numbers written as small sums: ``devices * 4 + 1``."""

import ast
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 200
"""Characters of an expression."""
GREATEST: Final = 10**15
"""No result, nor any part of it, may be farther from 0."""


class ExpressionError(ValueError):
    """An expression says nothing; the sentence says why."""


def names_in(text: str) -> set[str]:
    """The names that an expression needs; ExpressionError if it is none."""
    return {node.id for node in ast.walk(_parsed(text)) if isinstance(node, ast.Name)}


def value_of(text: str, names: Mapping[str, int]) -> int:
    """What an expression comes to."""
    return _value(_parsed(text), names, text)


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST} characters")
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _no_sum(text) from None
    for node in ast.walk(parsed):
        if not isinstance(node, _ALLOWED) or (isinstance(node, ast.Constant) and type(node.value) is not int):
            raise _no_sum(text)
    return parsed


def _value(node: ast.expr, names: Mapping[str, int], text: str) -> int:
    match node:
        case ast.Constant(value=int(value)):
            result = value
        case ast.Name(id=name):
            if name not in names:
                raise ExpressionError(f"{name!r} in {text!r} is no name; there are {', '.join(sorted(names))}")
            result = names[name]
        case ast.UnaryOp(operand=operand):
            result = -_value(operand, names, text)
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _value(left, names, text), _value(right, names, text)
            if isinstance(op, ast.Mult):
                result = first * second
            else:
                result = first + second if isinstance(op, ast.Add) else first - second
        case _:
            raise _no_sum(text)
    if abs(result) > GREATEST:
        raise ExpressionError(f"{text!r} comes to too much")
    return result


def _no_sum(text: str) -> ExpressionError:
    return ExpressionError(f"{text!r} is no sum of whole numbers and names, with + - * and brackets")


_ALLOWED: Final = (
    ast.Constant,
    ast.Name,
    ast.Load,
    ast.BinOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.UnaryOp,
    ast.USub,
)
