"""Each METHOD with a digest of the code that decides its result: the key of an artifact sees its code.

An artifact is named by its inputs, its parameters and the METHOD of its stage, a string that is bumped by hand.
The code behind a METHOD is its module, what names it to make the artifact, and every definition that these use in
turn. `methods.json` holds what was recorded; `test_methods.py` compares.

    python -m tests.house.methods                 say which METHODs are not as they were recorded
    python -m tests.house.methods record          record those that were bumped
    python -m tests.house.methods record NAME…    record these, too: their results stay the same

A digest is of syntax trees without comments, docstrings and imports. It does not change when a definition moves to
another module, nor with the version of Python.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_suffix(".json")
PACKAGES = ("flows", "transforms", "warehouse")
# What is asked for (it is in the key), how artifacts are kept, what is shown, where models come from and run.
ASIDE = (
    "flows.artifacts",
    "flows.home.clock",
    "flows.engines.model_loading",
    "flows.http",
    "flows.progress",
    "flows.settings",
    "flows.sources",
)

Place = tuple[str, str]  # a module, and a name in it; an empty name is the whole module


@dataclass(frozen=True, slots=True)
class Module:
    """What a module defines, what each definition uses, and what its imports name.

    Statements that define nothing, as a call, stand under the empty name.
    """

    definitions: Mapping[str, list[ast.stmt]]
    uses: Mapping[str, set[Place]]
    imports: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Method:
    """The name of a method, and the digest of its code."""

    method: str
    digest: str


def found(root: Path = ROOT) -> Mapping[str, Method]:
    """Return the METHODs of the code by their modules."""
    modules = _modules(root)
    named = {name: _value(module) for name, module in modules.items() if "METHOD" in module.definitions}
    return {name: Method(method, _digest(modules, name)) for name, method in sorted(named.items())}


def recorded(table: Path = TABLE) -> dict[str, Method]:
    """Return the METHODs as they were recorded, by their modules."""
    rows = json.loads(table.read_text(encoding="utf-8")) if table.exists() else {}
    return {name: Method(**row) for name, row in rows.items()}


def _modules(root: Path) -> Mapping[str, Module]:
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    names = [".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: _parse(path, name, names) for name, path in zip(names, paths, strict=True)}


def _parse(path: Path, name: str, names: list[str]) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = {}
    for node in ast.walk(tree):  # in functions and under TYPE_CHECKING, too: what is passed in decides as well
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            inner = f"{node.module}.{alias.name}"
            imports[alias.asname or alias.name] = (inner, "") if inner in names else (str(node.module), alias.name)
    definitions: dict[str, list[ast.stmt]] = {}
    uses: dict[str, set[Place]] = {}
    for statement in tree.body:
        for what in _defined(statement):
            definitions.setdefault(what, []).append(statement)
            uses.setdefault(what, set()).update(_used(statement, name, imports))
    return Module(definitions, uses, imports)


def _defined(statement: ast.stmt) -> list[str]:
    """Name what a statement at the top of a module defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign() | ast.AnnAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return []
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Compare(left=ast.Name(id="__name__"))):
            return []
    return [""]


def _used(statement: ast.stmt, name: str, imports: Mapping[str, Place]) -> set[Place]:
    """Return what a statement names: of its own module, or of one that is imported."""
    nodes = list(ast.walk(statement))
    inner = {
        node.value: (imports[node.value.id][0], node.attr)
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if imports.get(node.value.id, ("", "?"))[1] == ""
    }
    names = [node for node in nodes if isinstance(node, ast.Name) and node not in inner]
    return {imports.get(node.id, (name, node.id)) for node in names} | set(inner.values())


def _value(module: Module) -> str:
    match module.definitions["METHOD"]:
        case [ast.Assign(value=ast.Constant(value=str(method)))]:
            return method
    msg = "a METHOD is one string"
    raise ValueError(msg)


def _digest(modules: Mapping[str, Module], name: str) -> str:
    """Hash every definition that decides what the METHOD of a module stands for."""
    used = {place for place in closure(modules, name) if place[1] != "METHOD"}
    dumps = {_dump(node) for module, what in used for node in modules[module].definitions[what]}
    return hashlib.sha256("\n".join(sorted(dumps)).encode()).hexdigest()[:16]


def closure(modules: Mapping[str, Module], name: str) -> set[Place]:
    """Return the places of all definitions behind the METHOD of a module.

    A module of `transforms` is about its method as a whole; in `flows` it is what names the METHOD that makes the
    artifact, beside much that does not.
    """
    todo = {(name, "")} if name.startswith("transforms.") else set()
    todo |= {
        (user, what)
        for user, module in modules.items()
        for what in module.uses
        if what != "METHOD"
        if (name, "METHOD") in module.uses[what]
    }
    done: set[Place] = set()
    while todo:
        for module, what in set(_resolved(modules, *todo.pop())) - done:
            if not module.startswith(ASIDE):
                done.add((module, what))
                todo |= modules[module].uses[what] - done
    return done


def _resolved(modules: Mapping[str, Module], name: str, what: str) -> Iterator[Place]:
    """Yield the definitions that a place stands for; what a module imports is defined elsewhere."""
    module = modules.get(name)
    if module is None:  # a library
        return
    if what in module.definitions:
        yield name, what
    elif what in module.imports:
        yield from _resolved(modules, *module.imports[what])
    if "" in module.definitions or not what:
        yield from ((name, inner) for inner in module.definitions if inner == "" or not what)


def _dump(node: object) -> str:
    """Write a syntax tree down in a form of our own: that of `ast.dump` differs between versions of Python."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return ""
        case ast.AST():
            fields = ((key, _dump(value)) for key, value in ast.iter_fields(node) if key not in ("ctx", "kind"))
            inside = ",".join(f"{key}={value}" for key, value in fields if value)
            return f"{type(node).__name__}({inside})"
        case list():
            dumps = ("-" if part is None else _dump(part) for part in node)  # a key of `{**one}` is None
            return ",".join(filter(None, dumps))
        case None:
            return ""
    return ascii(node)


def stale(now: Mapping[str, Method], before: Mapping[str, Method]) -> dict[str, str]:
    """Return the modules whose METHOD is not as it was recorded, and what is to be done about each."""
    left = {}
    for name in sorted({*now, *before}):
        if name not in now or name not in before or now[name].method != before[name].method:
            left[name] = "its METHOD is new or gone: `python -m tests.house.methods record`"
        elif now[name].digest != before[name].digest:
            left[name] = (
                f"what decides its result has changed under the name {now[name].method}: bump it, or record with "
                f"`python -m tests.house.methods record {name}` that results stay the same"
            )
    return left


def record(now: Mapping[str, Method], names: list[str], table: Path = TABLE) -> None:
    """Write the table: what was bumped, and what is named because its results stay the same."""
    before = recorded(table)
    kept = {name for name in now if name in before and before[name].method == now[name].method} - {*names}
    rows = {name: asdict(before[name] if name in kept else now[name]) for name in now}
    table.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Record, if that is asked for, and say what is left to do."""
    now = found()
    command, names = arguments[:1], arguments[1:]
    if command not in ([], ["record"]) or set(names) - set(now):
        print(f"python -m tests.house.methods [record [NAME…]], where NAME is one of {', '.join(now)}")
        return 2
    if command:
        record(now, names)
    left = stale(now, recorded())
    for name, line in left.items():
        print(f"{name}: {line}")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
