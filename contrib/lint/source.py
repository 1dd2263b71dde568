"""Reads C++ with regular expressions and a brace counter: comments and literals blanked, blocks, declarations."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)


@dataclass
class Block:
    """A pair of braces: what stands before it, what it is, and its lines."""
    kind: str  # namespace, type, function or other
    head: str
    first_line: int
    last_line: int = 0
    unfinished_head: str = ""  # an initializer's braces stand inside a statement that goes on after them


def blank(match):
    """A comment becomes spaces, a literal keeps its quotes; line numbers stay."""
    text = match.group(0)
    if text.startswith("/"):
        return re.sub(r"[^\n]", " ", text)
    return text[0] + re.sub(r"[^\n]", " ", text[1:-1]) + text[-1]


def without_templates(text):
    """`std::map<int, T> x` -> `std::map x`: what is left shows whether a declaration has parameters."""
    previous = None
    while previous != text:
        previous, text = text, re.sub(r"<[^<>]*>", " ", text)
    return text


def balanced_end(text, start):
    """The position after the `>` that closes the `<` just before start, or None."""
    depth = 1
    for position in range(start, min(len(text), start + 400)):
        depth += {"<": 1, ">": -1}.get(text[position], 0)
        if depth == 0:
            return position + 1
    return None


class Source:
    def __init__(self, root, path, layers):
        """layers: folders that are one layer, though they lie in another that is one."""
        self.path = path
        self.layers = layers
        self.full = Path(root) / path
        data = self.full.read_bytes()
        self.binary = b"\0" in data
        self.text = "" if self.binary else data.decode("utf-8", errors="replace")
        self.lines = self.text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()

    @property
    def is_cpp(self):
        return self.path.endswith((".h", ".cpp"))

    @property
    def is_script(self):
        return self.path.endswith((".py", ".sh", ".cmake", "CMakeLists.txt")) or self.path == ".ci/run"

    @property
    def layer(self):
        parts = self.path.split("/")
        two = "/".join(parts[:2])
        return two if two in self.layers else parts[0]

    @cached_property
    def code(self):
        """The text with comments and the insides of literals blanked."""
        return TOKEN.sub(blank, self.text)

    def line_of(self, position):
        return self.code.count("\n", 0, position) + 1

    def escaped(self, line, word):
        """Whether the line, or the comment above it, says `lint: <word> because <reason of two words or more>`."""
        pattern = re.compile(r"//.*\blint: " + word + r" because \S+ \S+")
        index = line - 1
        if pattern.search(self.lines[index]):
            return True
        while index > 0 and self.lines[index - 1].lstrip().startswith("//"):
            index -= 1
            if pattern.search(self.lines[index]):
                return True
        return False

    @cached_property
    def includes(self):
        pattern = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
        found = ((number, pattern.match(line)) for number, line in enumerate(self.lines, 1))
        return [(number, match.group(1), match.group(2)) for number, match in found if match]

    @cached_property
    def structure(self):
        """(blocks, statements): every pair of braces, and the statements that stand directly in a namespace."""
        blocks, statements, stack = [], [], []
        head, head_line, line, parens = "", 0, 1, 0
        code = re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                      lambda match: re.sub(r"[^\n]", " ", match.group(0)), self.code)
        for char in code:
            if char == "\n":
                line += 1
            if char == "{" and parens == 0:
                kind = block_kind(head, [block.kind for block in stack])
                stack.append(Block(kind, head.strip(), head_line or line, unfinished_head=head))
                head = ""
            elif char == "}" and parens == 0 and stack:
                block = stack.pop()
                block.last_line = line
                blocks.append(block)
                head = block.unfinished_head + "{}" if block.kind == "other" else ""
                head_line = block.first_line if head else 0
            elif char == ";" and parens == 0:
                if all(block.kind == "namespace" for block in stack):
                    statements.append((head_line or line, head.strip()))
                head, head_line = "", 0
            else:
                parens += {"(": 1, ")": -1}.get(char, 0)
                if not head.strip() and not char.isspace():
                    head_line = line
                head += char
        return blocks, statements


def block_kind(head, outer):
    plain = without_templates(re.sub(r"\b(alignas|decltype|noexcept|requires)\s*\([^()]*\)|\[\[.*?\]\]", " ", head))
    if re.search(r"\bnamespace\b|\bextern\s+\"", head):
        return "namespace"
    if "function" in outer or "other" in outer:
        return "other"
    if re.search(r"\b(class|struct|union|enum)\b", plain) and "(" not in plain and "=" not in plain:
        return "type"
    if re.search(r"\)\s*(?:noexcept\s*)?:(?!:).*\w$", plain.strip(), re.S):
        return "other"  # a brace in a constructor's list of initializers
    if ")" in plain and ("=" not in plain.split("(")[0] or re.search(r"=\s*\[", plain)
                         or "operator" in plain):
        return "function"
    return "other"


def public_functions(body, name, is_struct):
    """Names of the functions that are declared in a public part of a class; constructors and operators do not count."""
    names, public, depth, parens, statement = [], is_struct, 0, 0, ""
    for char in body:
        if char in "{}" and parens == 0:
            depth += 1 if char == "{" else -1
        elif depth == 0 and char == ":" and statement.strip() in ("public", "protected", "private"):
            public, statement = statement.strip() == "public", ""
            continue
        elif depth == 0:
            parens += {"(": 1, ")": -1}.get(char, 0)
            statement += char
        # A body ends a function's definition, and an initializer's or a type's braces go on to a semicolon.
        if depth == 0 and parens == 0 and (char == ";" or char == "}" and "(" in statement):
            plain = without_templates(re.sub(r"\[\[.*?\]\]", " ", statement))
            function = re.match(r"[^=(]*?(~?\w+)\s*\(", plain)
            if (public and function and function.group(1) not in (name, "~" + name) and "operator" not in plain
                    and not re.match(r"\s*(using|friend|static_assert|typedef)\b|.*=\s*delete", plain, re.S)):
                names.append(function.group(1))
            statement = ""
    return names
