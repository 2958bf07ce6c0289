"""The faults: made by cosmic-ray, drawn by a seed, one at most at each place in the source."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TypeGuard

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "pictologics"

ROOMS = {
    "geometry": ["tests/geometry", "tests/placement"],
    "dicom/series": ["tests/dicom/series"],
    "dicom/stacks": ["tests/dicom/stacks"],
    "dicom/pixels": ["tests/dicom/pixels"],
    "placement": ["tests/placement"],
    "merger.py": ["tests/test_merger.py"],
    "loaders/merging_files.py": ["tests/test_merger.py"],
}
"""Parts of the package and the tests that must find a fault in them; one that only others would find survives."""


@dataclass(frozen=True)
class Mutant:
    """A module with one fault.

    Attributes:
        path: The module, as its path in the package.
        operator: The kind of fault, by cosmic-ray's name.
        occurrence: Which of the places for that kind it is.
        line: The line of the fault, from 1.
        before: What stood there.
        after: What the fault made of it.
    """

    path: str
    operator: str
    occurrence: int
    line: int
    before: str
    after: str

    @property
    def room(self) -> str:
        """The part of the package that it is in."""
        return next(room for room in ROOMS if f"{self.path}/".startswith(f"{room}/"))

    @property
    def module(self) -> str:
        """The name by which the module is imported."""
        return ".".join(("pictologics", *Path(self.path).with_suffix("").parts)).removesuffix(".__init__")

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is known by within one version of the source."""
        return self.path, self.operator, self.occurrence

    @property
    def words(self) -> str:
        """The fault in one line, without the line's number: what it is known by when other lines move."""
        return f"{self.path}: {self.before}  ->  {self.after}"

    @property
    def function(self) -> str:
        """The function that the fault is in, as its file and first line; the whole file for what runs on import."""
        path = PACKAGE / self.path
        functions = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if is_function(node))
        around = [node for node in functions if node.body[0].lineno <= self.line <= (node.end_lineno or 0)]
        lines = [min(part.lineno for part in (node, *node.decorator_list)) for node in around]
        first = max(lines, default=0)
        return f"{path}:{first}"

    @property
    def runs_on_import(self) -> bool:
        """Whether the fault is in no function's body."""
        return self.function.endswith(":0")

    def source(self) -> str:
        """The module's code with the fault."""
        code = (PACKAGE / self.path).read_text(encoding="utf-8")
        return mutate_code(code, make_operator(self.operator), self.occurrence) if self.operator else code

    def record(self) -> dict[str, str | int]:
        """The fault for a JSON file."""
        return asdict(self)


def is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    """Whether a node defines a function."""
    return isinstance(node, ast.FunctionDef)


def make_operator(name: str) -> object:
    """A kind of fault by its name."""
    return get_operator(name)()


def draw_mutants(size: int, seed: int) -> list[Mutant]:
    """A sample over all rooms, the same for a seed and a source, in the order of the modules."""
    places: dict[tuple[Path, object], list[tuple[str, int]]] = {}
    for room in ROOMS:
        for path in list_modules(PACKAGE / room):
            for position, operator, occurrence in list_faults(path):
                places.setdefault((path, position), []).append((operator, occurrence))
    chance = random.Random(seed)
    order = list(places)
    chance.shuffle(order)
    mutants: list[Mutant] = []
    for path, position in order:
        if len(mutants) == size:
            break
        mutant = make_mutant(path, *chance.choice(places[path, position]))
        if mutant is not None:
            mutants.append(mutant)
    return sorted(mutants, key=lambda mutant: (list(ROOMS).index(mutant.room), mutant.path, mutant.line, mutant.after))


def list_modules(path: Path) -> list[Path]:
    """The modules of a room, which may be a single file."""
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def list_faults(path: Path) -> Iterator[tuple[object, str, int]]:
    """Every fault that cosmic-ray knows for a module: its place, its kind, and which one of the kind."""
    tree = get_ast(path.read_text(encoding="utf-8"))
    for name in operator_names():
        if get_operator(name).arguments():
            continue  # these want to be told which variable to replace
        operator = make_operator(name)
        positions = (position for node in ast_nodes(tree) for position in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(positions):
            yield start, name, occurrence


def make_mutant(path: Path, operator: str, occurrence: int) -> Mutant | None:
    """A fault, or None if it changes nothing that runs, or makes no code at all."""
    code = path.read_text(encoding="utf-8")
    mutated = mutate_code(code, make_operator(operator), occurrence)
    try:
        if mutated is None or running_code(mutated) == running_code(code):
            return None
    except SyntaxError:
        return None
    before, after = code.splitlines(), mutated.splitlines()
    changes = [change for change in SequenceMatcher(None, before, after, False).get_opcodes() if change[0] != "equal"]
    _, start, end, first, last = changes[0]
    name = path.relative_to(PACKAGE).as_posix()
    return Mutant(name, operator, occurrence, start + 1, squeeze(before[start:end]), squeeze(after[first:last]))


def squeeze(lines: list[str]) -> str:
    """Lines as one, their blanks as one."""
    return " ".join(" ".join(lines).split())


def running_code(code: str) -> str:
    """What runs of a module's code: not the annotations, nor the flags of dataclasses, which only forbid things."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.ClassDef):
            node.decorator_list = [part.func if isinstance(part, ast.Call) else part for part in node.decorator_list]
    return ast.dump(tree)
