"""Mutant schemata: every mutant of mutants.toml as a choice at run time, so that one build serves all of them.

A site `size > limit` becomes `(parley_mutant("name") ? (size >= limit) : (size > limit))`; a statement becomes an `if`
around both. Which mutant is on, the environment variable PARLEY_MUTANT says by its name; without one it is the product.
"""

import re
import tomllib
from dataclasses import dataclass

HEADER_PATH = "chain/parley_mutant.h"
HEADER = """\
// Which mutant is on: made by tests/mutation, never part of the product.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <type_traits>

// FNV-1a: the compiler computes it, so that a choice costs one comparison.
constexpr uint64_t parley_mutant_hash(const char* name) {
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name != 0; ++name) hash = (hash ^ static_cast<uint8_t>(*name)) * 0x100000001b3;
    return hash;
}

inline const uint64_t parley_mutant_chosen = [] {
    const char* const name = std::getenv("PARLEY_MUTANT");
    return parley_mutant_hash(name == nullptr ? "" : name);
}();

struct ParleyMutant {
    consteval ParleyMutant(const char* name) : hash(parley_mutant_hash(name)) {}
    uint64_t hash;
};

constexpr bool parley_mutant(ParleyMutant mutant) {
    return !std::is_constant_evaluated() && mutant.hash == parley_mutant_chosen;
}
"""


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    rule: str
    original: str
    mutated: str
    where: str  # around the original, where that alone is not unique

    @property
    def is_statement(self):
        return self.original.endswith(";")


@dataclass(frozen=True)
class Site:
    """A place in a file, and all mutants that replace exactly it."""
    start: int
    end: int
    mutants: tuple


class Stale(Exception):
    """A mutant does not fit the source any more; the text says why."""


def read_mutants(text):
    """The list, whose tables are named after the files."""
    mutants = []
    for file, entries in tomllib.loads(text).items():
        for entry in entries:
            original = entry["from"]
            mutants.append(Mutant(entry["name"], file, entry["rule"], original, entry["to"],
                                  entry.get("where", original)))
    names = [mutant.name for mutant in mutants]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two mutants are named {name}")
    for mutant in mutants:
        if mutant.mutated.endswith(";") != mutant.is_statement or mutant.mutated == mutant.original:
            raise ValueError(f"{mutant.name}: a statement replaces a statement, an expression another expression")
    return mutants


def pattern(code):
    """Matches the code whatever its line breaks and spaces are."""
    tokens = re.findall(r"\w+|[^\w\s]", code)
    result = re.escape(tokens[0])
    for before, token in zip(tokens, tokens[1:]):
        both_words = re.match(r"\w", before) and re.match(r"\w", token)
        result += (r"\s+" if both_words else r"\s*") + re.escape(token)
    if re.match(r"\w", tokens[0]):
        result = r"(?<![\w.:>])" + result
    return result


def find_once(code, expression, begin, end, text):
    """The only place in this part of the text."""
    found = list(re.finditer(expression, text[begin:end]))
    if len(found) != 1:
        raise Stale(f"occurs {len(found)} times, not once: {code}")
    return begin + found[0].start(), begin + found[0].end()


def find_site(text, mutant):
    begin, end = 0, len(text)
    if mutant.where != mutant.original:
        begin, end = find_once(mutant.where, pattern(mutant.where), begin, end, text)
    # An expression ends where nothing follows that would belong to it.
    ending = "" if mutant.is_statement else r"(?!\s*(?:[\w.(\[]|->))"
    return find_once(mutant.original, pattern(mutant.original) + ending, begin, end, text)


def choice(site, original):
    if site.mutants[0].is_statement:
        branches = "".join(f'if (parley_mutant("{mutant.name}")) {{ {mutant.mutated} }} else '
                           for mutant in site.mutants)
        return f"{{ {branches}{{ {original} }} }}"
    branches = "".join(f'parley_mutant("{mutant.name}") ? ({mutant.mutated}) : ' for mutant in site.mutants)
    return f"({branches}({original}))"


def render(text, begin, end, sites):
    """The part of the text with all choices; a site inside another one is a choice in that one's original."""
    parts, at = [], begin
    rest = list(sites)
    while rest:
        site = rest.pop(0)
        inner = [each for each in rest if each.start < site.end]
        rest = rest[len(inner):]
        parts += [text[at:site.start], choice(site, render(text, site.start, site.end, inner))]
        at = site.end
    return "".join(parts) + text[at:end]


def rewrite(text, mutants):
    """One file with its mutants as choices, and a list of (mutant, line), and one of (mutant, why it is stale)."""
    places, applied, stale = {}, [], []
    for mutant in mutants:
        try:
            place = find_site(text, mutant)
            for start, end in places:
                if start < place[0] < end < place[1] or place[0] < start < place[1] < end:
                    raise Stale("overlaps another one in part")
        except Stale as problem:
            stale.append((mutant, str(problem)))
            continue
        places.setdefault(place, []).append(mutant)
        applied.append((mutant, text.count("\n", 0, place[0]) + 1))
    sites = [Site(start, end, tuple(found)) for (start, end), found in places.items()]
    sites.sort(key=lambda site: (site.start, -site.end))
    return f'#include "{HEADER_PATH}"\n' + render(text, 0, len(text), sites), applied, stale
