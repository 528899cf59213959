#!/usr/bin/env python3
"""Makes blocklist.txt.zst: 100,000 passwords, names and words that are guessed first.

    reference/passwords/build.py DIR

DIR holds three packages as their registries ship them, unpacked: npm `zxcvbn` 4.4.2 (MIT) in DIR/zxcvbn, npm
`@zxcvbn-ts/language-common` 4.1.3 (MIT) in DIR/zxcvbn-ts, PyPI `django` 5.2 (BSD-3-Clause) in DIR/django.
Only the words are taken, not their order. The `zstd` program writes the result beside this file.
"""
import gzip, itertools, json, pathlib, re, subprocess, sys, unicodedata

LINES = 100_000
HERE = pathlib.Path(__file__).parent

# Words of the trade and of sign-in pages, and what people join them with to reach a required length.
OWN = """accession registry registrar cancer tumor tumour oncology oncologist hospital clinic patient abstract abstractor
naaccr seer npcr coc facs icdo histology topography morphology pathology followup casefinder hospitalregistry
cancerregistry tumorregistry cancercenter cancerdata registrydata statecancerregistry certifiedtumorregistrar
oncologydataspecialist accessionnumber welcome password letmein changeme default temporary temp secret admin
administrator login signin user guest test demo example spring summer autumn fall winter january february march april
may june july august september october november december monday tuesday wednesday thursday friday saturday sunday""".split()
JOIN = """password welcome letmein changeme iloveyou login admin secret please forever always hospital registry cancer
oncology patient qwerty asdfgh abc 123 1234 12345 123456 you me now today work home office computer internet my the
our this is not""".split()
ROWS = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn",
        "qazwsxedcrfvtgbyhnujm", "!@#$%^&*()", "zaq12wsxcde34rfv"]


def walks():
    """Runs along the keyboard and the alphabet, of 8 to 24 characters."""
    for row in ROWS:
        for text in (row * 3, row[::-1] * 3):
            for start, length in itertools.product(range(len(row)), range(8, 25)):
                yield text[start:start + length]
    for a, b in itertools.product(ROWS, ROWS):
        yield a + b


def joined():
    """Two or three words of the trade in a row."""
    yield from OWN
    for a, b in itertools.product(OWN, JOIN):
        yield a + b
        yield b + a
    for a, b in itertools.product(OWN[:34], OWN):
        yield a + b


def lists(folder):
    source = next(folder.glob("zxcvbn/**/src/frequency_lists.coffee")).read_text()
    zxcvbn = {name: words.split(",") for name, words in re.findall(r'^\s+(\w+): "([^"]*)"', source, re.M)}
    yield zxcvbn["passwords"]
    yield json.loads(next(folder.glob("zxcvbn-ts/**/src/passwords.json")).read_text())
    yield gzip.open(next(folder.glob("django/**/common-passwords.txt.gz")), "rt", encoding="utf-8").read().split()
    yield joined()
    yield walks()
    for name in ("female_names", "male_names", "surnames", "english_wikipedia", "us_tv_and_film"):
        yield zxcvbn[name]


def main():
    taken = {}
    for word in itertools.chain.from_iterable(lists(pathlib.Path(sys.argv[1]))):
        word = unicodedata.normalize("NFKC", word.strip()).lower()
        if len(word) >= 3 and "\n" not in word and len(taken) < LINES:
            taken[word] = None
    text = "".join(word + "\n" for word in sorted(taken, key=lambda w: w.encode()))
    print(len(taken), "lines,", sum(len(w) >= 12 for w in taken), "of 12 characters or more", file=sys.stderr)
    subprocess.run(["zstd", "-19", "-q", "-f", "-o", HERE / "blocklist.txt.zst"], input=text.encode(), check=True)


main()
