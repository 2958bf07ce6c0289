"""The plan of the house, checked over the syntax trees: imports point one way, and files stay small."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import pictologics
from tests.factories.dicom_series import write_series
from tests.factories.nifti_files import write_nifti

PACKAGE = Path(pictologics.__file__).parent
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

# A module imports only from rooms above its own in this list; rooms of one line do not see each other.
ROOMS = [
    {"_version", "array_types", "errors", "public_names"},
    {"checks"},
    {"threads"},
    {"silence"},
    {"geometry", "rescaling", "storage"},
    {"provenance"},
    {"validity"},
    {"bridges.methods"},
    {"image"},
    {"image_checks", "interpolation", "labels", "rasterizing", "series"},
    {"placement"},
    {"dicom.headers"},
    {"dicom.frames"},
    {"dicom.pixels", "dicom.stacks", "dicom.structures", "dicom.suv"},
    {"dicom.segmentation", "dicom.series"},
    {"dicom", "filters", "formats", "sentinels"},
    {"merger", "preprocessing", "saving", "loaders.protocol"},
    {"loaders.source_content", "measuring"},
    {"loaders.dicom_selection", "loaders.dicom_verdicts", "loaders.region_cutting", "loaders.series_protocol"},
    {
        "loaders.dicom_describing",
        "loaders.explanation",
        "loaders.foreign_formats",
        "loaders.keywords",
        "loaders.probing",
        "loaders.segment_files",
        "loaders.segmentations",
        "loaders.volume_file_loading",
    },
    {"loaders.volume_file_series"},
    {"loaders.*_reader"},
    {"loaders.registry"},
    {"loaders.linked_files", "loaders.phase_listing"},
    {"loaders.describing"},
    {"loaders.loading_steps", "loaders.rtstruct_loader", "loaders.seg_loader"},
    {"loaders.masks", "loaders.merging_files", "loaders.series_loader"},
    {"loader", "pictures"},
    {"utilities"},
    {"bridges"},
    {"cohort"},
    {"cli"},
    {"__main__"},
]
MOST_LOOSE_MODULES = 14
LONGEST_FILE = 500
HAND_ERRORS_OVER = {"cohort.running.case_work", "storage.inflation", "threads"}
"""Modules whose threads hand every error, whatever it is, to the one that waits for them; it is raised there. What goes
wrong with one case of a run is handed over in its row of the manifest."""
LONGEST_FUNCTION = 50


@dataclass(frozen=True)
class Module:
    """A file of the package."""

    name: str
    path: Path
    tree: ast.Module
    stub: ast.Module

    def ours(self) -> Iterator[tuple[ast.ImportFrom | ast.Import, str, str]]:
        """Imports of our own modules: the statement, the module, and the name taken from it."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        for node in (*ast.walk(self.tree), *ast.walk(self.stub)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] == "pictologics":
                        yield node, alias.name.removeprefix("pictologics").lstrip("."), ""
            elif isinstance(node, ast.ImportFrom):
                if node.level:
                    above = package.split(".") if package else []
                    above = above[: len(above) - node.level + 1]
                    base = ".".join([*above, *([node.module] if node.module else [])])
                elif (node.module or "").split(".")[0] == "pictologics":
                    base = node.module.removeprefix("pictologics").lstrip(".")
                else:
                    continue
                for alias in node.names:
                    inner = f"{base}.{alias.name}".lstrip(".")
                    if inner in module_names():
                        yield node, inner, ""
                    else:
                        yield node, base, alias.name


@cache
def module_names() -> frozenset[str]:
    """Dotted names of all files, the package itself as an empty name."""
    names = set()
    for path in PACKAGE.rglob("*.py"):
        parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
        names.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return frozenset(names)


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for name in sorted(module_names()):
        path = PACKAGE.joinpath(*name.split(".")) if name else PACKAGE
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        stub = path.with_suffix(".pyi")
        names = stub.read_text(encoding="utf-8") if stub.exists() else ""
        found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8")), ast.parse(names)))
    return tuple(found)


def room_of(name: str) -> tuple[int, str]:
    """The line of a module in the list of rooms, and its room."""
    last = name.rpartition(".")[2]
    for line, rooms in enumerate(ROOMS):
        for room in rooms:
            folder, _, pattern = room.partition(".")
            if name == room or name.startswith(room + "."):
                return line, room
            if pattern == "*_reader" and name.startswith(folder + ".") and last.endswith("_reader"):
                return line, name
    if name == "loaders":
        return ROOMS.index({"utilities"}), name  # the folder's own list of names, above the readers
    pytest.fail(f"{name} has no room: say in the list where it belongs")


each_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name or "pictologics")


@each_module
def test_imports_point_one_way(module):
    if not module.name:
        return  # the package lists every public name
    line, room = room_of(module.name)
    for node, target, _ in module.ours():
        assert target, f"{module.path.name}:{node.lineno} imports the package from within"
        other_line, other_room = room_of(target)
        assert other_line < line or other_room == room, (
            f"{module.path.name}:{node.lineno}: {room} must not import {target}"
        )


def test_the_root_can_be_drawn():
    loose = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__", "_version"}
    assert len(loose) <= MOST_LOOSE_MODULES, sorted(loose)


def test_no_circle_of_imports():
    graph = {module.name: {target for _, target, _ in module.ours()} for module in modules() if module.name}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for target in graph.get(name, ()):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@each_module
def test_readers_do_not_import_each_other_and_nobody_below_imports_the_front_door(module):
    for node, target, _ in module.ours():
        where = f"{module.path.name}:{node.lineno}"
        if module.name.endswith("_reader"):
            assert not target.endswith("_reader"), f"{where}: a reader imports a reader"
        if target == "loader":
            assert module.name == "" or module.name.split(".")[0] in {"bridges", "cli", "cohort"}, where


@each_module
def test_nothing_of_ours_is_imported_inside_a_function(module):
    inside = {
        id(inner)
        for outer in ast.walk(module.tree)
        if isinstance(outer, FUNCTION)
        for inner in ast.walk(outer)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    }
    hidden = [node.lineno for node, _, _ in module.ours() if id(node) in inside]
    assert not hidden, f"{module.path.name} lines {hidden}"


@each_module
def test_no_name_with_a_leading_underscore_crosses_a_file(module):
    for node, target, name in module.ours():
        allowed = name in {"", "__version__"}
        assert allowed or not name.startswith("_"), f"{module.path.name}:{node.lineno} imports {name}"
        assert target == "_version" or not target.rpartition(".")[2].startswith("_")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            assert owner in {"self", "cls", "sys"}, f"{module.path.name}:{node.lineno} reaches for {node.attr}"


@each_module
def test_no_except_catches_everything(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            where = f"{module.path.name}:{node.lineno}"
            assert node.type is not None, where
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {one.id for one in caught if isinstance(one, ast.Name)}
            if module.name not in HAND_ERRORS_OVER:
                assert not names & {"Exception", "BaseException"}, where


@each_module
def test_no_module_touches_the_warning_filters_of_the_process(module):
    """Other threads would lose their warnings, and two blocks that overlap leave "ignore" behind."""
    if module.name != "silence":
        assert not re.search(
            r"catch_warnings|simplefilter|filterwarnings|warnings\.filters", module.path.read_text(encoding="utf-8")
        )


@each_module
def test_files_and_functions_stay_small(module):
    lines = module.path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"{module.path.name} has {lines} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, FUNCTION):
            length = node.end_lineno - body_start(node) + 1
            assert length <= LONGEST_FUNCTION, f"{module.path.name}:{node.lineno} {node.name} has {length} lines"


def body_start(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The first line of what a function does: its contract, signature and docstring, is as long as it must be."""
    first = node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
    return first.lineno


@each_module
def test_every_file_lists_its_public_names_and_has_a_docstring(module):
    assert ast.get_docstring(module.tree), module.path.name
    loaded = importlib.import_module(f"pictologics.{module.name}".rstrip("."))
    for name in getattr(loaded, "__all__", []):
        thing = getattr(loaded, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"{module.name}.{name}"


# --- names and facts ---

# Names that stand for one thing each in several files, with the reason.
NAMES_OF_SEVERAL_FILES: dict[str, str] = {
    "__all__": "what a file offers",
    "__version__": "the package passes on the number that _version holds",
}

# Where decisions are shown to people, put into other words or written out; nothing is decided there.
SHOWS_DECISIONS = frozenset(
    {
        "provenance",
        "cli.commands.demo",
        "cohort.running.case_work",
        "cohort.indexing.image_rows",
        "loaders.dicom_describing",
        "loaders.merging_files",
        "loaders.rtstruct_reader",
        "loaders.segmentations.dicom_seg",
        "loaders.volume_file_loading",
        "preprocessing.pipeline.running",
    }
)


def top_level_names(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and constants of a file; not what it imports."""
    for node in tree.body:
        if isinstance(node, (*FUNCTION, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_a_name_stands_for_one_thing_in_the_package():
    homes: dict[str, list[str]] = {}
    for module in modules():
        for name in set(top_level_names(module.tree)):
            homes.setdefault(name, []).append(module.name or "pictologics")
    twice = {name: found for name, found in homes.items() if len(found) > 1 and name not in NAMES_OF_SEVERAL_FILES}
    assert not twice


@each_module
def test_a_variable_says_what_it_holds(module):
    bound = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    arguments = [node for node in ast.walk(module.tree) if isinstance(node, ast.arg)]
    assert not [node.lineno for node in bound if node.id == "one"]
    assert not [node.lineno for node in arguments if node.arg == "one"]


@each_module
def test_what_makes_an_error_is_called_so(module):
    for node in ast.walk(module.tree):
        if isinstance(node, FUNCTION) and node.returns is not None:
            made = ast.unparse(node.returns).strip("'\"").rpartition(".")[2]
            if made.endswith("Error") and made != "Error":
                assert node.name.endswith("_error"), f"{module.path.name}:{node.lineno} {node.name}"


def loops_over_decisions(tree: ast.Module) -> set[str]:
    """Names that stand for a decision in a loop or a comprehension."""
    names = {"decision"}
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.comprehension)) and isinstance(node.target, ast.Name):
            over = node.iter.attr if isinstance(node.iter, ast.Attribute) else getattr(node.iter, "id", "")
            if over == "decisions":
                names.add(node.target.id)
    return names


def reads_of_decisions(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Where a field of a decision is read, by its name or out of a list of them."""
    names = loops_over_decisions(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"kind", "text", "value", "warning"}:
            owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in names or name.endswith("decisions"):
                yield node


@each_module
def test_decisions_are_written_for_people_and_steer_nothing(module):
    """Code that needs to know what was decided takes a fact from a result, not a sentence from the record."""
    for node in reads_of_decisions(module.tree):
        where = f"{module.path.name}:{node.lineno} reads a decision's {node.attr}"
        assert module.name in SHOWS_DECISIONS, where
        assert node.attr == "text" or module.name == "provenance", where
    if module.name in SHOWS_DECISIONS - {"provenance"}:
        asked = [node.test for node in ast.walk(module.tree) if isinstance(node, (ast.If, ast.IfExp, ast.While))]
        asked += [node for node in ast.walk(module.tree) if isinstance(node, ast.Compare)]
        for question in asked:
            assert not list(reads_of_decisions(ast.Module([ast.Expr(question)], []))), (
                f"{module.path.name} decides by it"
            )


# --- the public names ---


def test_public_names_are_sorted_and_resolvable():
    names = pictologics.__all__
    assert names == sorted(names)
    assert {"__version__", "Image", "load_image"} <= set(names)
    for name in names:
        assert getattr(pictologics, name) is not None
    assert set(names) <= set(dir(pictologics))


@pytest.mark.parametrize("stub", sorted(PACKAGE.rglob("*.pyi")), ids=lambda path: path.parent.name)
def test_a_stub_lists_each_name_once_and_gives_it_to_type_checkers(stub):
    statements = ast.parse(stub.read_text(encoding="utf-8")).body[1:]
    assert all(isinstance(node, ast.ImportFrom) and node.level for node in statements)
    aliases = [alias for node in statements for alias in node.names]
    assert len({alias.name for alias in aliases}) == len(aliases)
    # PEP 484: a stub passes on only what it imports "as" itself.
    assert [alias.asname for alias in aliases] == [alias.name for alias in aliases]


def test_a_star_import_takes_the_public_names_and_no_module():
    taken: dict[str, object] = {}
    exec("from pictologics import *", taken)
    assert set(taken) - {"__builtins__"} == set(pictologics.__all__)
    assert "filters" not in taken


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="load_imgae"):
        _ = pictologics.load_imgae


@pytest.mark.parametrize("name", sorted(set(pictologics.__all__) - {"__version__"}))
def test_every_public_name_is_described(name):
    thing = getattr(pictologics, name)
    assert inspect.getdoc(thing)
    if inspect.isclass(thing):
        for attribute, member in vars(thing).items():
            if not attribute.startswith("_") and (inspect.isfunction(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{name}.{attribute}"


# --- what gets imported ---


def imported_by(code: str, *arguments: str) -> set[str]:
    """Top-level names in sys.modules after a piece of code in a fresh interpreter."""
    report = "; import sys; print(' '.join({name.split('.')[0] for name in sys.modules}))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    run = subprocess.run(
        [sys.executable, "-c", code + report, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return set(run.stdout.split())


def test_import_does_no_work():
    loaded = imported_by("import pictologics; pictologics.__version__; dir(pictologics)")
    assert "pictologics" in loaded
    assert not loaded & {"numpy", "pydicom", "isal", "PIL", "typer", "rich", "nibabel", "SimpleITK"}


LOAD = "import sys, pictologics; assert pictologics.load_image(sys.argv[1]).array.size == 210"


@pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "dicom"])
def test_loading_imports_no_other_reader(tmp_path, name):
    path = tmp_path / name
    if name == "dicom":
        write_series(path)
    else:
        write_nifti(path)
    loaded = imported_by(LOAD, str(path))
    assert not loaded & {"pydicom", "nibabel", "SimpleITK", "PIL", "typer", "rich", "scipy"}
