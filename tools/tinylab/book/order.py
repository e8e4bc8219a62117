"""The order in which the chapters are read, which is not that of their numbers."""

READING = (
    "00", "01", "02", "11", "12", "13", "14", "15", "16", "17", "21", "46", "22", "45", "23a", "23b", "24", "25a", "25b", "26", "27",
    "31", "32", "42", "41", "43", "38", "34", "33", "35", "36", "44", "37", "47", "48")


def reading(names: list[str]) -> list[str]:
    """Chapters' names (11-attention) in reading order; one that the order does not know comes last."""
    known = {number: place for place, number in enumerate(READING)}
    return sorted(names, key=lambda name: (known.get(name.split("-")[0], len(known)), name))


def number(name: str) -> str:
    """How the text writes a chapter's number: 11-attention is 1.1, 00-start-here is 0, 23a-… is 2.3a."""
    digits = name.split("-")[0]
    return "0" if digits == "00" else f"{digits[0]}.{digits[1:]}"
