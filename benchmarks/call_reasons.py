"""Call reasons: how well and how fast they are coded, beside edsnlp's pipeline with the same dictionary.

`python benchmarks/call_reasons.py [FILE.csv]` (columns text, labels and kind, `;` between them; default: the labelled
texts of the tests) prints the table that benchmarks/RESULTS.md keeps. `--edsnlp PYTHON`: an interpreter in which edsnlp
is installed (half a gigabyte: why the project does not depend on it). `--rows N`: texts of the file whose speed is
measured, drawn with repetition as calls repeat themselves.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LABELLED = Path(__file__).parents[1] / "tests" / "call_reasons.csv"
# What edsnlp is given: the wordings of each concept, its own normaliser and its own qualifiers.
EDSNLP = """
import json, sys, time, csv
import edsnlp, edsnlp.pipes as eds
given = json.load(open(sys.argv[1]))
begun = time.monotonic()
nlp = edsnlp.blank("eds")
nlp.add_pipe(eds.normalizer())
nlp.add_pipe(eds.sentences())
nlp.add_pipe(eds.matcher(terms=given["terms"], attr="NORM"))
for one in (eds.negation, eds.family, eds.hypothesis, eds.history):
    nlp.add_pipe(one())
built = time.monotonic()
found = []
for text in given["texts"]:
    doc = nlp(text)
    found.append([e.label_ for e in doc.ents if not e._.negation and not e._.family and not e._.history])
print(json.dumps({"build": built - begun, "seconds": time.monotonic() - built, "found": found}))
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    """The labelled texts."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def quality(rows: list[dict[str, str]], found: list[set[str]]) -> tuple[float, float]:
    """Share of texts with exactly the labels, and micro-F1 over labels."""
    pairs = [(set(row["labels"].split()), labels) for row, labels in zip(rows, found, strict=True)]
    right = sum(len(true & said) for true, said in pairs)
    wrong = sum(len(true ^ said) for true, said in pairs)
    return sum(true == said for true, said in pairs) / len(pairs), 2 * right / (2 * right + wrong)


def ours(rows: list[dict[str, str]]) -> tuple[list[set[str]], float]:
    """The labels of this project's coder, and seconds for each text read anew."""
    from surveillance.content import Content
    from surveillance.reasons.coder import ReasonCoder

    coder = ReasonCoder(Content())
    coder.read_once("toux")
    begun = time.monotonic()
    found = [set(coder.read_once(row["text"]).concepts) for row in rows]
    return found, time.monotonic() - begun


def theirs(rows: list[dict[str, str]], python: str) -> tuple[list[set[str]], float]:
    """The same of edsnlp's pipeline, with this project's wordings and its rules for what labels mean together."""
    from surveillance.content import Content
    from surveillance.reasons.coder import combine, load_nomenclature
    from surveillance.reasons.terms import expand

    says = load_nomenclature(Content())
    terms = {
        name: sorted({one for pattern in patterns for one in expand(pattern)}) for name, patterns in says.terms.items()
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as given:
        json.dump({"terms": terms, "texts": [row["text"] for row in rows]}, given)
        given.flush()
        said = subprocess.run([python, "-c", EDSNLP, given.name], capture_output=True, text=True, check=True).stdout
    answer = json.loads(said.splitlines()[-1])
    return [set(combine(set(labels))) for labels in answer["found"]], answer["seconds"]


def throughput(rows: list[dict[str, str]], number: int) -> tuple[float, int]:
    """Texts a second of `surveillance code`, whole process, on texts that repeat as calls do; distinct texts."""
    dice = random.Random(1)
    ends = (" depuis hier ", " ce soir ", " depuis 3 j, ", " F ", " H ", ", age ", " ch ")
    texts = [f"{row['text']}{dice.choice(ends)}{dice.randrange(99)}" for row in rows for _ in range(20)]
    dice.shuffle(texts)
    drawn = dice.choices(texts, [1 / (rank + 10) for rank in range(len(texts))], k=number)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "reasons.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([["text"], *([text] for text in drawn)])
        words = ["code", str(path), "--text", "text", "--out", str(Path(folder) / "out.csv"), "--quiet"]
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "surveillance", *words], check=True, capture_output=True)
        return number / (time.monotonic() - begun), len(set(drawn))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=LABELLED)
    parser.add_argument("--edsnlp", metavar="PYTHON")
    parser.add_argument("--rows", type=int, default=2_000_000)
    given = parser.parse_args()
    rows = rows_of(given.file)
    print("| what | exact | micro-F1 | distinct texts/s, one core | ratio |\n|---|---|---|---|---|")
    found, seconds = ours(rows)
    exact, score = quality(rows, found)
    print(f"| surveillance code | {exact:.3f} | {score:.3f} | {len(rows) / seconds:,.0f} | 1 |", flush=True)
    if given.edsnlp:
        labels, theirs_seconds = theirs(rows, given.edsnlp)
        exact, score = quality(rows, labels)
        rate = len(rows) / theirs_seconds
        ratio = seconds / theirs_seconds
        print(f"| edsnlp, the same wordings | {exact:.3f} | {score:.3f} | {rate:,.0f} | {ratio:.2f} |")
    rate, distinct = throughput(rows, given.rows)
    print(f"\n`surveillance code` on {given.rows:,} texts, {distinct:,} of them distinct: {rate:,.0f} texts a second")


if __name__ == "__main__":
    main()
