"""Draw mutants, try each against the tests of its room, and report: ``python -m tests.mutation --help``."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import fields
from pathlib import Path

from .mutants import ROOMS, Mutant, draw_mutants
from .trial import Room, examine_room, load_libraries, try_mutant

EQUIVALENT = Path(__file__).with_name("equivalent.txt")
"""Faults that change nothing anyone could see: a line each, and the reason behind ``#``."""


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=440, help="how many mutants are drawn")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--rooms", nargs="*", help="only the mutants of these rooms")
    parser.add_argument("--results", type=Path, default=Path("mutants.jsonl"), help="a line of JSON for each mutant")
    parser.add_argument("--survivors", action="store_true", help="try only what survived, against the whole room")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    options = parser.parse_args()
    load_libraries()
    records = read_records(options.results)
    mutants = draw_mutants(options.sample, options.seed)
    if options.rooms:
        mutants = [mutant for mutant in mutants if mutant.room in options.rooms]
    if options.survivors:
        mutants = [mutant for mutant in mutants if records.get(mutant.key, {}).get("outcome") == "survived"]
    if options.list:
        print(*(f"{mutant.line:4} {mutant.words}" for mutant in mutants), sep="\n")
        return
    try_mutants(mutants, records, options.results, options.survivors)
    print_report(list(records.values()))


def try_mutants(mutants: list[Mutant], records: dict[tuple[str, str, int], dict], results: Path, whole: bool) -> None:
    """Try mutants one after another, against the whole room or what calls them, and keep each result as it comes."""
    rooms: dict[str, Room] = {}
    equivalent = read_equivalent()
    for number, mutant in enumerate(mutants, 1):
        if mutant.room not in rooms and not whole:
            rooms[mutant.room] = examine_room(mutant)
        outcome, found, spent = try_mutant(mutant, rooms.get(mutant.room))
        if outcome == "survived" and mutant.words in equivalent:
            outcome = "equivalent"
        records[mutant.key] = {**mutant.record(), "outcome": outcome, "found": found, "seconds": round(spent, 1)}
        results.write_text("".join(f"{json.dumps(record)}\n" for record in records.values()), encoding="utf-8")
        print(f"{number}/{len(mutants)} {outcome:10} {spent:5.1f} s  {mutant.line:4} {mutant.words}", flush=True)


def read_records(path: Path) -> dict[tuple[str, str, int], dict]:
    """Results of an earlier run on the same source."""
    if not path.is_file():
        return {}
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {mutant_of(record).key: record for record in records}


def read_equivalent() -> set[str]:
    """The words of mutants that are known to change nothing."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    return {line.partition("  # ")[0].strip() for line in lines if line and not line.startswith("#")}


def print_report(records: list[dict]) -> None:
    """Figures by room, and everything that survived."""
    for room in (*ROOMS, ""):
        outcomes = Counter(record["outcome"] for record in records if room in ("", mutant_of(record).room))
        found = outcomes["killed"] + outcomes["timeout"]
        share = found / max(outcomes.total() - outcomes["equivalent"], 1)
        print(f"{room or 'all':26} {dict(outcomes)}  {share:.1%} of what can be found")
    for record in records:
        if record["outcome"] == "survived":
            print(f"survived: line {record['line']} of {mutant_of(record).words}")


def mutant_of(record: dict) -> Mutant:
    """The mutant of a result."""
    return Mutant(**{field.name: record[field.name] for field in fields(Mutant)})


main()
