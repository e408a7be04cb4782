"""Writes src/model/unicode_classes.c, _decompose.c, _combine.c and _lower.c.

The tables hold what Hugging Face's `tokenizers` does to every code point, observed through its
public interface, because its parts follow several versions of Unicode at once and ids must not
depend on which library of tables a machine has.

Usage: python tools/make_unicode_tables.py [REPOSITORY]
"""

import argparse
import pathlib
import textwrap
import unicodedata

import tokenizers
from tokenizers import normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)
FLAGS = ["SPACE", "OTHER", "PUNCT", "MN", "MARK", "LETTER", "NUMBER", "WORD", "CJK"]


def bert(clean: bool = False, cjk: bool = False, strip: bool = False):
    return normalizers.BertNormalizer(
        clean_text=clean, handle_chinese_chars=cjk, strip_accents=strip, lowercase=False
    )


def classes() -> dict[int, int]:
    """Flags of each code point, each from one step that asks for it."""
    clean, cjk, strip = bert(clean=True), bert(cjk=True), bert(strip=True)
    marks, nfd = normalizers.StripAccents(), normalizers.NFD()
    space, word = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace()
    punct, gpt2 = (
        pre_tokenizers.BertPreTokenizer(),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    )

    def joined(splitter, text: str) -> bool:
        return len(splitter.pre_tokenize_str(text)) == 1

    flags = {}
    for c in CODE_POINTS:
        ch = chr(c)
        inside = f"a{ch}b"
        has = {
            "SPACE": not joined(space, inside),
            "OTHER": clean.normalize_str(inside) == "ab",
            "PUNCT": len(punct.pre_tokenize_str(inside)) == 3,
            # A code point that decomposes is never seen by the step that drops Mn.
            "MN": nfd.normalize_str(ch) == ch and strip.normalize_str(inside) == "ab",
            "MARK": marks.normalize_str(inside) == "ab",
            "LETTER": joined(gpt2, f"a{ch}"),
            "NUMBER": joined(gpt2, f"1{ch}"),
            "WORD": word.pre_tokenize_str(f"a{ch}")[0][1] == (0, 2),
            "CJK": cjk.normalize_str(inside) == f"a {ch} b",
        }
        flags[c] = sum(1 << i for i, name in enumerate(FLAGS) if has[name])
    return flags


def runs(value_of: dict[int, int]) -> list[tuple[int, int]]:
    """(first, value) wherever the value changes; surrogates count with what is before them."""
    out: list[tuple[int, int]] = []
    for c in CODE_POINTS:
        if not out or out[-1][1] != value_of[c]:
            out.append((c, value_of[c]))
    return out


def decompositions() -> dict[int, list[int]]:
    """Full canonical decompositions, Hangul syllables (which follow a rule) left out."""
    nfd = normalizers.NFD()
    full = {c: [ord(x) for x in nfd.normalize_str(chr(c))] for c in CODE_POINTS if c not in HANGUL}
    return {c: to for c, to in full.items() if to != [c]}


def pairs(full: dict[int, list[int]]) -> list[tuple[int, int, int]]:
    """(from, first, second): second is 0 for a single, first may decompose further."""
    by_result = {tuple(to): c for c, to in full.items() if len(to) > 1}
    out = []
    for c, to in sorted(full.items()):
        head = to[:-1]
        if len(to) == 1:
            out.append((c, to[0], 0))
        elif len(head) == 1:
            out.append((c, head[0], to[-1]))
        else:
            out.append((c, by_result[tuple(head)], to[-1]))
    return out


def combining_classes(full: dict[int, list[int]]) -> dict[int, int]:
    """Found by sorting against one mark of each class: marks move before those of higher ones."""
    nfd = normalizers.NFD()
    overlay, iota = "\u0334", "\u0345"  # the lowest class, 1, and the highest, 240

    def moves_before(first: str, second: str) -> bool:
        return nfd.normalize_str(f"a{first}{second}") == f"a{second}{first}" and first != second

    def combines(ch: str) -> bool:
        return moves_before(iota, ch) or moves_before(ch, overlay)

    known = {}  # class → a mark that certainly has it
    for c in [*range(0x300, 0x3100), 0xFB1E]:
        k = unicodedata.combining(chr(c))
        if k and c not in full and combines(chr(c)):
            known.setdefault(k, chr(c))
    ladder = sorted(known)
    out = {}
    for c in CODE_POINTS:
        ch = chr(c)
        if c in full or c in HANGUL or not combines(ch):
            out[c] = 0
            continue
        above = [k for k in ladder if moves_before(known[k], ch)]  # classes higher than that of ch
        below = [k for k in ladder if moves_before(ch, known[k])]  # classes lower
        equal = [k for k in ladder if k not in above and k not in below]
        assert len(equal) <= 1, (hex(c), above, below)
        # U+1D16D alone has its class; any number between its neighbours sorts the same.
        out[c] = equal[0] if equal else (max(below) + min(above)) // 2
    return out


def lower_runs() -> list[tuple[int, int, int, int]]:
    """(first, last, step, delta); U+0130 alone becomes two and is left to the code."""
    lower = normalizers.Lowercase()
    moved = {}
    for c in CODE_POINTS:
        to = lower.normalize_str(chr(c))
        if to != chr(c) and c != 0x130:
            assert len(to) == 1, hex(c)
            moved[c] = ord(to) - c
    assert lower.normalize_str("\u0130") == "i\u0307"
    out: list[list[int]] = []
    for c in sorted(moved):
        if out and out[-1][3] == moved[c]:
            run = out[-1]
            gap = c - run[1]
            if gap in (1, 2) and (run[0] == run[1] or gap == run[2]):
                run[1], run[2] = c, gap
                continue
        out.append([c, c, 1, moved[c]])
    return [tuple(r) for r in out]


def numbers(name: str, values: list[int]) -> str:
    """A C array, filled to the line's end, with its length."""
    body = textwrap.fill(" ".join(f"{v:#x}," for v in values), width=98)
    return (
        f"const uint32_t {name}[] = {{\n{body}\n}};\n"
        f"const size_t {name}_len = sizeof {name} / sizeof {name}[0];\n"
    )


def emit(path: pathlib.Path, what: str, *arrays: str) -> None:
    path.write_text(
        f"/* {what}\n * Written by tools/make_unicode_tables.py from what tokenizers "
        f'{tokenizers.__version__} does. */\n#include "model/unicode_tables.h"\n\n'
        "/* clang-format off */\n" + "".join(arrays)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", nargs="?", default=".", type=pathlib.Path)
    folder = parser.parse_args().repository / "src" / "model"

    class_of = classes()
    flags = [first << 11 | f for first, f in runs(class_of)]
    full = decompositions()
    triples = [x for triple in pairs(full) for x in triple]
    combining = [first << 11 | k for first, k in runs(combining_classes(full))]
    lower = [x & 0xFFFFFFFF for run in lower_runs() for x in run]
    emit(
        folder / "unicode_classes.c",
        "Classes of code points: first code point of a run << 11 | its flags.",
        numbers("unicode_ascii", [class_of[c] for c in range(128)]),
        "\n",
        numbers("unicode_classes", flags),
    )
    emit(
        folder / "unicode_decompose.c",
        "Canonical decompositions: code point, first, second (0 for none).",
        numbers("unicode_decompositions", triples),
    )
    emit(
        folder / "unicode_combine.c",
        "Combining classes: first code point of a run << 11 | its class.",
        numbers("unicode_combining", combining),
    )
    emit(
        folder / "unicode_lower.c",
        "Lower case: first, last, step, what is added modulo 2^32.",
        numbers("unicode_lowering", lower),
    )
    print(
        len(flags),
        "class runs,",
        len(triples) // 3,
        "decompositions,",
        len(combining),
        "combining runs,",
        len(lower) // 4,
        "lower-case runs",
    )


if __name__ == "__main__":
    main()
