"""Lines of mixed text, the same for the same seed: what tokenizers tend to get wrong."""

import random
import unicodedata

SPECIALS = [
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[UNK]",
    "[PAD]",
    "<s>",
    "</s>",
    "<mask>",
    "<pad>",
    "<unk>",
    "<|endoftext|>",
    "[cls]",
    "[ MASK ]",
    "<mask",
    "|endoftext|>",
    "[[MASK]]",
    "<<s>>",
]
SPACES = [
    chr(c)
    for c in (
        0x9,
        0xA,
        0xB,
        0xC,
        0xD,
        0x1C,
        0x1F,
        0x20,
        0x85,
        0xA0,
        0x1680,
        0x180E,
        0x2000,
        0x2003,
        0x2009,
        0x200A,
        0x200B,
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x2060,
        0x3000,
        0xFEFF,
    )
]
ZERO_WIDTH = [
    chr(c)
    for c in (
        0x00AD,
        0x034F,
        0x061C,
        0x200B,
        0x200C,
        0x200D,
        0x200E,
        0x200F,
        0x2060,
        0x2061,
        0x2063,
        0xFE0E,
        0xFE0F,
        0xFEFF,
        0xE0001,
        0xE0041,
        0xE007F,
    )
]
EMOJI = [
    "😀",
    "👍🏽",
    "👩‍👩‍👧‍👦",
    "🏳️‍🌈",
    "🇫🇷🇩🇪",
    "🇯🇵",
    "❤️",
    "☎︎",
    "🧑🏿‍🚀",
    "#️⃣",
    "👨‍⚕️",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "🤷🏻‍♀️",
    "🫠",
]
CHINESE = "的一是不了人我在有他这中大来上个国和也子时道说出会里学东风云，。！？「」"
ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي َُِّْ،؟"
OTHER_SCRIPTS = [
    "Привет, мир!",
    "Γειά σου Κόσμε ΣΊΣΥΦΟΣ",
    "שלום עולם",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "안녕하세요 세계",
    "こんにちは世界、テスト",
    "გამარჯობა",
    "Բարեւ",
    "ሰላም ልዑል",
    "İstanbul IĞDIR",
    "ẞtraße ẞ",
    "Ⅷ Ⅷ ⅷ ①②③ ½ ²",
    "ﬁ ﬂ ﬀ ĳ Ǆ ǅ",
    "Å Å Å",
    "ᾳ ᾼ ὮΙ",
    "ΰ ΐ Ϋ",
]
WORD_LINES = [
    "the of and to in is was for on that with as he be at by it from his had not are but",
    "an or which were this Have You they've I'm don't we'll she'd it's O'Neil U.S.A.",
    "e-mail C++ 3.14 1,000,000 $5 50% unaffable antidisestablishmentarianism Tokenization",
    "naïve café résumé Zürich coöperate façade Ångström HELLO WoRLD x86_64 foo_bar",
    "http://a.b/c?d=e&f #tag @user 's 't 'RE 'll ''' ... --- ___ ??? !?",
]
WORDS = [word for line in WORD_LINES for word in line.split()]
MARKS = [
    chr(c)
    for c in (
        *range(0x300, 0x370),
        *range(0x591, 0x5C8),
        *range(0x64B, 0x660),
        0x93C,
        0x94D,
        0x3099,
        0x302A,
        0x302E,
        0x1DCE,
        0x20D0,
        0x20E3,
        0x1D165,
        0x1D16D,
        0x1ABF,
    )
]


def words(r: random.Random) -> str:
    return " ".join(r.choice(WORDS) for _ in range(r.randint(1, 20)))


def chinese(r: random.Random) -> str:
    text = "".join(r.choice(CHINESE) for _ in range(r.randint(1, 20)))
    return text + r.choice(
        [
            "",
            "abc",
            " abc ",
            chr(r.randint(0x3400, 0x4DBF)),
            chr(r.randint(0x20000, 0x323AF)),
            chr(r.randint(0xF900, 0xFAD9)),
            chr(r.randint(0x2F800, 0x2FA1D)),
        ]
    )


def arabic(r: random.Random) -> str:
    return "".join(r.choice(ARABIC) for _ in range(r.randint(1, 30)))


def emoji(r: random.Random) -> str:
    return "".join(r.choice([*EMOJI, " ", "a"]) for _ in range(r.randint(1, 8)))


def combining(r: random.Random) -> str:
    text = "".join(
        r.choice("aeiouAEIOUncszçñüÅ가각កक")
        + "".join(r.choice(MARKS) for _ in range(r.randint(0, 4)))
        for _ in range(r.randint(1, 12))
    )
    return (
        unicodedata.normalize(r.choice(["NFC", "NFD", "NFKC", "NFKD"]), text)
        if r.random() < 0.7
        else text
    )


def controls(r: random.Random) -> str:
    return "".join(
        r.choice(
            [chr(r.randint(0, 0x20)), chr(r.randint(0x7F, 0xA0)), "\0", "\ufffd", "a", "b", " "]
        )
        for _ in range(r.randint(1, 15))
    )


def zero_width(r: random.Random) -> str:
    return "".join(r.choice([*ZERO_WIDTH, "x", "yz", " "]) for _ in range(r.randint(1, 15)))


def long_words(r: random.Random) -> str:
    alphabet = r.choice(["a", "abcdefghij", "ab1", "é", "漢", "!", "a!", "가", "a\u0301", "  "])
    n = r.choice([98, 99, 100, 101, 102, 150, 700])
    return (
        "x " + "".join(r.choice(alphabet) for _ in range(n)) + r.choice(["", " y", ".", "\u0301"])
    )


def specials(r: random.Random) -> str:
    return "".join(
        r.choice([*SPECIALS, *SPECIALS, " ", "  ", "a", "_", "é", "\n", "\u3000", "word"])
        for _ in range(r.randint(1, 8))
    )


def anything(r: random.Random) -> str:
    def one() -> str:
        top = r.choice([0x80, 0x250, 0x3000, 0x10000, 0x110000])
        c = r.randrange(top)
        return "\ud7ff" if 0xD800 <= c < 0xE000 else chr(c)

    return "".join(one() for _ in range(r.randint(1, 25)))


def edges(r: random.Random) -> str:
    places = [
        0xD7FF,
        0xE000,
        0xF8FF,
        0xFDD0,
        0xFFFD,
        0xFFFE,
        0xFFFF,
        0x10000,
        0x1FFFE,
        0xF0000,
        0x10FFFD,
        0x10FFFF,
        0x378,
        0x530,
        0x2FE0,
        0x9FFF,
        0x2A6DF,
        0x2A6E0,
        0x2B73F,
        0x2B820,
        0x2B91F,
        0x2CEAF,
        0x2CEB0,
    ]
    return "".join(r.choice(["a", " ", chr(r.choice(places))]) for _ in range(r.randint(1, 10)))


def spaces(r: random.Random) -> str:
    return "".join(
        r.choice([r.choice(SPACES), r.choice(SPACES), "a", "1", "!"])
        for _ in range(r.randint(1, 20))
    )


def scripts(r: random.Random) -> str:
    return r.choice(["", " "]).join(r.choice(OTHER_SCRIPTS) for _ in range(r.randint(1, 3)))


KINDS = [
    words,
    words,
    chinese,
    arabic,
    emoji,
    combining,
    controls,
    zero_width,
    long_words,
    specials,
    anything,
    edges,
    spaces,
    scripts,
]


def mixed_lines(n: int, seed: int) -> list[str]:
    """n lines: every kind alone, and every third one a few of them one behind the other."""
    r = random.Random(seed)
    out = []
    for i in range(n):
        parts = [KINDS[i % len(KINDS)]] if i % 3 else r.sample(KINDS, 3)
        out.append(r.choice(["", " "]).join(part(r) for part in parts))
    return out
