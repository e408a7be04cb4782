"""Writes tests/vectors/tokenizer: small tokenizers, and what Hugging Face's give for some lines.

Each folder holds a tokenizer's files and cases.jsonl, a JSON object a line: text, pair (or null),
max_tokens, ids, types, truncated, and begin and end, which count bytes. Seeded: the same versions
of `tokenizers` and `transformers` write the same files.

Usage: python tools/make_tokenizer_vectors.py [REPOSITORY]
"""

import argparse
import json
import pathlib
import random
import shutil
import string
import sys

import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python" / "tests"))
from mixed_text import WORDS, mixed_lines  # noqa: E402

LINES = 60  # a folder
TRAINING = [" ".join(WORDS)] * 2 + mixed_lines(400, seed=3)


def wordpiece_vocab() -> list[str]:
    words = "the of and to in is was for on that with have don ll hello world token tiny cafe naive"
    ends = "ization ing s ed er able aff un foo bar ab ij"
    others = "的 是 我 学 东 。 ， п р и в е т σ ς ο å ü é ñ ı ß ж "
    others += "İ ﬁ ½ ² ア テ ス ト 한 ᄒ ᅡ ᆫ ١ ا ب ل م न म"
    chars = [c for c in string.printable if not c.isspace()]
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *chars,
        *words.split(),
        *others.split(),
        "😀",
        "foo_",
    ]
    pieces += [
        "##" + p
        for p in [
            *string.ascii_letters,
            *string.digits,
            *ends.split(),
            *others.split(),
            "_",
            "\u0301",
        ]
    ]
    return list(dict.fromkeys(pieces))


def train_bpe(first: list[str], last: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary of all bytes and some merges, special pieces before and behind."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=420, initial_alphabet=alphabet, show_progress=False)
    t.train_from_iterator(TRAINING, trainer)
    model = json.loads(t.to_str())["model"]
    pieces = [*first, *sorted(model["vocab"], key=model["vocab"].get), *last]
    return {p: i for i, p in enumerate(pieces)}, [tuple(m) for m in model["merges"]]


def added(vocab: dict[str, int], *tokens: tuple[str, dict]) -> list[dict]:
    out, next_id = [], len(vocab)
    for content, flags in tokens:
        i = vocab.get(content, next_id)
        next_id += content not in vocab
        base = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
        out.append({"id": i, "content": content, **base, **flags})
    return out


def write_json(folder: pathlib.Path, name: str, document: dict) -> None:
    (folder / name).write_text(
        json.dumps(document, ensure_ascii=False, indent=0) + "\n", encoding="utf-8"
    )


def bert_files(folder: pathlib.Path, config: dict) -> Tokenizer:
    (folder / "vocab.txt").write_text(
        "".join(p + "\n" for p in wordpiece_vocab()), encoding="utf-8"
    )
    write_json(folder, "tokenizer_config.json", config)
    return transformers.BertTokenizer.from_pretrained(folder)._tokenizer


def bert_json(folder: pathlib.Path) -> Tokenizer:
    vocab = {p: i for i, p in enumerate(wordpiece_vocab())}
    t = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=40))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    document = json.loads(t.to_str())
    document["added_tokens"] = added(
        vocab,
        ("[PAD]", {"special": True}),
        ("[UNK]", {"special": True}),
        ("[CLS]", {"special": True}),
        ("[SEP]", {"special": True}),
        ("[MASK]", {"special": True, "lstrip": True}),
        ("word", {"single_word": True}),
        ("CAFÉ", {"normalized": True}),
        ("</s>", {"rstrip": True}),
    )
    write_json(folder, "tokenizer.json", document)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def roberta_json(folder: pathlib.Path) -> Tokenizer:
    vocab, merges = train_bpe(["<s>", "<pad>", "</s>", "<unk>"], ["<mask>"])
    t = Tokenizer(models.BPE(vocab, merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    t.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True
    )
    document = json.loads(t.to_str())
    document["added_tokens"] = added(
        vocab,
        *((c, {"special": True}) for c in ("<s>", "<pad>", "</s>", "<unk>")),
        ("<mask>", {"special": True, "lstrip": True}),
    )
    write_json(folder, "tokenizer.json", document)
    write_json(folder, "tokenizer_config.json", {"model_max_length": 512})
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def bpe_files(folder: pathlib.Path, kind: str, config: dict) -> Tokenizer:
    special = (
        ([], ["<|endoftext|>"])
        if kind == "GPT2Tokenizer"
        else (["<s>", "<pad>", "</s>", "<unk>"], ["<mask>"])
    )
    vocab, merges = train_bpe(*special)
    write_json(folder, "vocab.json", vocab)
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges)]
    (folder / "merges.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    write_json(
        folder,
        "tokenizer_config.json",
        {"tokenizer_class": kind, "model_max_length": 10**30, **config},
    )
    return getattr(transformers, kind).from_pretrained(folder)._tokenizer


FOLDERS = {
    "bert-files": lambda f: bert_files(f, {"model_max_length": 128}),
    "bert-cased-files": lambda f: bert_files(
        f, {"do_lower_case": False, "additional_special_tokens": ["<mask>"]}
    ),
    "bert-json": bert_json,
    "roberta-json": roberta_json,
    "roberta-files": lambda f: bpe_files(f, "RobertaTokenizer", {}),
    "gpt2-files": lambda f: bpe_files(f, "GPT2Tokenizer", {"add_prefix_space": True}),
}


def case(t: Tokenizer, text: str, pair: str | None, max_tokens: int) -> dict:
    whole = t.encode(text, pair)
    t.enable_truncation(max_tokens)
    e = t.encode(text, pair)
    t.no_truncation()
    begin, end = [], []
    for (a, b), sequence in zip(e.offsets, e.sequence_ids, strict=True):
        source = pair if sequence == 1 else text
        begin.append(len(source[:a].encode()))
        end.append(len(source[:b].encode()))
    return {
        "text": text,
        "pair": pair,
        "max_tokens": max_tokens,
        "ids": e.ids,
        "types": e.type_ids,
        "truncated": len(whole.ids) > max_tokens,
        "begin": begin,
        "end": end,
    }


def write_cases(folder: pathlib.Path, t: Tokenizer, seed: int) -> int:
    r = random.Random(seed)
    lines = [line for line in mixed_lines(4 * LINES, seed) if len(line.encode()) < 400][:LINES]
    short = [line for line in lines if len(line) < 30]
    cases = [case(t, line, None, 1000) for line in ["", *lines]]
    cases += [case(t, line, None, r.randint(4, 12)) for line in r.sample(short, 10)]
    cases += [case(t, *r.sample(short, 2), r.choice([5, 6, 9, 14, 1000])) for _ in range(20)]
    with (folder / "cases.jsonl").open("w", encoding="ascii") as f:
        f.writelines(json.dumps(c, separators=(",", ":")) + "\n" for c in cases)
    return len(cases)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", nargs="?", default=HERE.parent, type=pathlib.Path)
    base = parser.parse_args().repository / "tests" / "vectors" / "tokenizer"
    shutil.rmtree(base, ignore_errors=True)
    for seed, (name, make) in enumerate(FOLDERS.items(), start=10):
        (base / name).mkdir(parents=True)
        print(name, write_cases(base / name, make(base / name), seed), "cases")


if __name__ == "__main__":
    main()
