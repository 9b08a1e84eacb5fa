"""What keeps the house readable: no function is long. That no imports run in a circle is in ``test_imports``."""

import ast

from tests.test_imports import modules

LONGEST = 60  # lines of a function, its docstring included


def functions(source):
    """Return the name and the number of lines of every function, those within classes and functions too."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(node.name, node.end_lineno - node.lineno + 1) for node in nodes]


def test_no_function_is_long():
    lengths = [(f"{module}:{name}", n) for module, file in modules().items() for name, n in functions(file.read_text())]
    assert len(lengths) > 1000
    long = {name: lines for name, lines in lengths if lines > LONGEST}
    assert not long, f"longer than {LONGEST} lines: {long}"


def test_the_counter_of_lines_sees_methods_and_inner_functions():
    assert functions("class A:\n    def f(self):\n        def g():\n            pass\n        return g\n") == [("f", 4), ("g", 2)]
