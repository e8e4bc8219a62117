"""Makes the corpus of the tokenizers' parity tests, and llama.cpp's ids for it.

    CMAKE_ARGS="-DGGML_NATIVE=OFF" pip install --no-binary llama-cpp-python llama-cpp-python==0.3.36
    python lib/core/src/test/python/text/tokenizer_goldens.py QWEN.gguf SMOLLM2.gguf

writes src/test/resources/tinyllm/text/corpus.json.gz: a list of [text, Qwen's ids, SmolLM2's ids], the ids as "count:crc32" of
their little-endian 32-bit form, with special tokens in the text left as text. The same seed makes the same corpus.
"""

import gzip
import json
import pathlib
import random
import struct
import sys
import unicodedata
import zlib

import llama_cpp

RESOURCES = pathlib.Path(__file__).parents[2] / "resources" / "tinyllm" / "text"

PROSE = """The lighthouse keeper counted forty-two steps, then forty-three; he had never been good at counting.
It's raining again, and they've said it won't stop before Tuesday. I'd rather stay; you'll see why. WE'RE LATE! DON'T RUN.
“Don’t,” she whispered — ‘not yet’… The café’s naïve façade cost €1,234.56 (about $1.3k), i.e. 12% more than in 1999.
A ship in harbour is safe, but that is not what ships are built for. Who said so? Nobody remembers; everybody quotes it.
Dr. Smith's e-mail (j.smith@example.org) bounced at 09:45:07 on 2024-02-29; see https://example.org/a/b?c=d&e=%20f#g.
Der Fluß überquert die Straße nicht, sagte der Müller zögernd. Ça dépend où l'on se trouve, répondit Zoë à l'œuvre.
Всё счастливые реки текут к морю, а несчастные — каждая по-своему. Γειά σου Κόσμε! Τι κάνεις σήμερα;
نص عربي قصير مع أرقام ١٢٣ و علامات ترقيم، ثم كلمة أخيرة. עברית עם ניקוד שָׁלוֹם עוֹלָם.
हिन्दी में एक वाक्य लिखा गया है। বাংলা ভাষায় কিছু লেখা। ภาษาไทยไม่มีช่องว่างระหว่างคำ ខ្មែរ မြန်မာ ລາວ
今天天气很好，我们去公园散步吧。東京の天気は晴れ、気温は二十三度です。한국어 문장도 하나 넣어 봅시다. 臺灣繁體字測試「引號」。
Tiếng Việt có nhiều dấu thanh: ạ ả ấ ầ ẩ ẫ ậ ắ ằ. Íslenska þorn Þ og eð ð. Türkçe İstanbul ılık. Łódź Žižkov Őrség.
Once upon a midnight the compiler complained, and the programmer, weary, added a semicolon; and another; and one more."""

CODE = """def reverse(s: str) -> str:\n    \"\"\"Return s, backwards.\"\"\"\n    return s[::-1]\n\n\nif __name__ == '__main__':\n\tprint(reverse("héllo"))  # olléh
public static <T extends Comparable<T>> int compare(T a, T b) {\n    return a == null ? -1 : a.compareTo(b);\n}\n
for (int i = 0; i < n; ++i) { x[i] += 0x1F * y[i] / 3.14e-10f; }\t// loop\r\n#include <stdio.h>\r\n\r\nint main(void){return 0;}
SELECT id, name FROM users WHERE age >= 18 AND name LIKE '%o''Brien%' ORDER BY 2 DESC LIMIT 10;
<div class="row" id='x'>&nbsp;<br/><!-- comment --></div>\n<style>.a > b { color: #ff00aa; margin: -1px auto }</style>
{"key": [1, 2.5, null, true], "nested": {"a\\n": "\\u00e9"}}\n---\nyaml:\n  - item: |\n      text\n  - ~
const f = async ({a, b = 2, ...rest}) => `${a}${await g(b)}` ?? rest?.c; // ts\nlet re = /^\\s*(\\w+)=(.*)$/gi;
fn main() -> Result<(), Box<dyn Error>> { let v: Vec<_> = (0..10).map(|x| x * x).collect(); println!("{v:?}"); Ok(()) }
$ git commit -am "fix: don't" && ls -la | grep '\\.py$' > out.txt 2>&1 || exit 1
\\begin{equation} \\sum_{i=0}^{\\infty} x_i^2 \\leq \\alpha \\end{equation}
@Override public String toString(){return String.format("%s=%d%n",this.name,this.value);}"""

EMOJI = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇭🇯🇵", "❤️", "☺", "😀😃😄", "🧑🏿‍🚀", "1️⃣2️⃣", "🫠", "‍", "️"]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u2003", "\u3000", "\u200b", "\u0085", "\u2028", "\v", "\f", "\u001c", "\ufeff"]
SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|fim_prefix|>", "<|im_", "<|", "|>", "<tool_call", "[PAD151670]", "<file_sep>"]
MARKS = ["\u0301", "\u0308", "\u0323", "\u20dd", "\u0f39", "\u302a", "\u064b", "\u093c", "\u3099", "\u1dc4"]


def assigned(r):
    while True:
        c = r.randrange(0x20, 0x30000)
        if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co"):
            return chr(c)


def scrap(r, words):
    kind = r.randrange(9)
    if kind == 0:
        return r.choice(EMOJI)
    if kind == 1:
        return r.choice(SPACES) * r.choice([1, 1, 2, 3, 7])
    if kind == 2:
        return r.choice("aeionücА가か") + "".join(r.choice(MARKS) for _ in range(r.randint(1, 3)))
    if kind == 3:
        return str(r.randrange(10 ** r.randint(1, 12))) + r.choice(["", ".5", ",000", "½", "Ⅷ", "٣", "²", "e10"])
    if kind == 4:
        return assigned(r)
    if kind == 5:
        return r.choice(["'s", "'S", "'t", "'ll", "'LL", "'Ve", "'re", "'d", "'m", "'x", "'", "’s", "'\u017f", "''s"])
    if kind == 6:
        return "".join(r.choice("!\"#$%&()*+,-./:;<=>?@[]^_`{|}~\\") for _ in range(r.randint(1, 6)))
    if kind == 7:
        return r.choice(SPECIAL)
    return r.choice(words)


def corpus():
    r = random.Random(42)
    lines = PROSE.split("\n") + CODE.split("\n")
    words = [w for line in lines for w in line.split()]
    pieces = ["", " ", "\n", "a", " a", "  a", "cafe\u0301", "caf\u00e9"] + lines + [PROSE, CODE]
    pieces += [s * n for s in SPACES + list("aA1!.-=é中\u0301") for n in (1, 2, 3, 5, 17, 64)]
    pieces += ["".join(p) for s in SPACES for p in (("x", s, "y"), (s, "1"), (s, s, "!"), ("\n", s, "\n"), (s, "\n", s), ("a", s, "\r\n", s, "b"))]
    pieces += [c + e for e in EMOJI for c in ("", "a", " ", "1")]
    pieces += SPECIAL + ["a" + s + "b" for s in SPECIAL]
    for line in lines:  # windows that begin and end anywhere
        for _ in range(14):
            a = r.randrange(len(line) + 1)
            pieces.append(line[a : a + r.randint(1, 60)])
    for _ in range(400):
        pieces.append("".join(scrap(r, words) for _ in range(r.randint(1, 12))))
    for _ in range(300):
        pieces.append(r.choice(["", " ", "\n"]).join(r.choice(words) for _ in range(r.randint(1, 15))))
    for _ in range(300):
        pieces.append("".join(assigned(r) for _ in range(r.randint(1, 24))))
    for _ in range(200):
        pieces.append("".join(chr(c) for c in (r.randrange(0x110000) for _ in range(r.randint(1, 12))) if not 0xD800 <= c < 0xE000))
    for _ in range(150):
        pieces.append("".join(chr(r.randrange(0x80)) for _ in range(r.randint(1, 40))))
    return list(dict.fromkeys(pieces))


def main():
    models = [llama_cpp.Llama(model_path=p, vocab_only=True, verbose=False) for p in sys.argv[1:3]]
    rows = []
    for text in corpus():
        row = [text]
        for model in models:
            ids = model.tokenize(text.encode(), add_bos=False, special=False)
            row.append("%d:%08x" % (len(ids), zlib.crc32(struct.pack("<%di" % len(ids), *ids))))
        rows.append(row)
    data = json.dumps(rows, ensure_ascii=False).encode()
    (RESOURCES / "corpus.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    print(len(rows), "pieces,", sum(len(r[0]) for r in rows), "characters")


main()
