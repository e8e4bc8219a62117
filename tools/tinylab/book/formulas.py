"""Formulas become MathML, which browsers draw by themselves: no script, no font, no network."""

import re

from latex2mathml.converter import convert

from ..console import Failure

# What the converter does not know, in words that it does.
KNOWN_GAPS = ((re.compile(r"\\arg(?![a-zA-Z])"), r"\\operatorname{arg}"),)


def mathml(tex: str, block: bool) -> str:
    source = tex
    for gap, words in KNOWN_GAPS:
        source = gap.sub(words, source)
    try:
        made = convert(source, display="block" if block else "inline")
    except Exception as problem:  # noqa: BLE001 - the library raises many kinds
        raise Failure(f"the formula {tex!r} can't become MathML ({type(problem).__name__}): write it in other words.") from None
    left = re.search(r"\\[a-zA-Z]+", made)
    if left:
        raise Failure(f"the formula {tex!r} holds {left.group()}, which MathML has no sign for: write it in other words.")
    return made
