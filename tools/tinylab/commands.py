"""`./lab notebooks`, `./lab test` and `./lab book`: what their options mean, and which parts they run."""

from dataclasses import dataclass
from pathlib import Path

from . import book, copies, paths
from .console import WrongUsage

# The parts of ./lab test, in the order in which they run.
PARTS = ("tools", "native", "core", "lab", "serve", "notebooks", "embed", "book", "browser")


@dataclass(frozen=True)
class Options:
    action: str = ""
    chapters: tuple[str, ...] = ()
    long: bool = False
    parts: tuple[str, ...] = ()
    quick: bool = False
    chapter: str = ""
    out: Path = book.DEFAULT
    hand_out: Path | None = None
    keep_outputs: bool = False
    model: str = ""


def parse(command: str, arguments: list[str]) -> Options:
    if command == "test":
        return _test(list(arguments))
    if command == "book":
        return Options(out=book.parse(arguments))
    return _notebooks(list(arguments))


def _notebooks(rest: list[str]) -> Options:
    long, bare, keep, out, model, words = False, False, False, None, None, []
    while rest:
        word = rest.pop(0)
        key, equals, value = word.partition("=")
        if word == "--long":
            long = True
        elif word == "--no-solutions":
            bare = True
        elif word == "--keep-outputs":
            keep = True
        elif key == "--out":
            out = value if equals else rest.pop(0) if rest else ""
        elif key == "--model":
            model = value if equals else rest.pop(0) if rest else ""
        elif word.startswith("-"):
            raise WrongUsage(f'"{word}" is not an option of ./lab notebooks; --help shows what is.')
        else:
            words.append(word)
    if not words or words[0] not in ("check", "build", "thumbs", "first-cell", "map") or (words[0] == "map" and len(words) > 1):
        raise WrongUsage("./lab notebooks takes check, build, thumbs or first-cell with chapters, or map alone; --help shows what they do.")
    if model is not None and (words[0] != "first-cell" or not model):
        raise WrongUsage("--model NAME goes with first-cell alone.")
    if long and words[0] == "first-cell":
        raise WrongUsage("first-cell always runs in full: --long goes with check alone.")
    if bare and (words[0] != "build" or long):
        raise WrongUsage("--no-solutions goes with build alone.")
    if keep and (words[0] != "build" or long or bare):
        raise WrongUsage("--keep-outputs goes with build alone.")
    if out is not None and (not bare or not out):
        raise WrongUsage("--out FOLDER goes with build --no-solutions.")
    hand_out = Path(out).absolute() if out else paths.TARGET / "handout" if bare else None
    return Options(words[0], tuple(words[1:]), long, hand_out=hand_out, keep_outputs=keep, model=model or "")


def _test(rest: list[str]) -> Options:
    long, quick, chapter, parts = False, False, "", []
    while rest:
        word = rest.pop(0)
        key, equals, value = word.partition("=")
        if word == "--long":
            long = True
        elif word == "--quick":
            quick = True
        elif key == "--chapter":
            chapter = copies.name_of(value if equals else rest.pop(0) if rest else "", _chapters())
        elif word.startswith("-"):
            raise WrongUsage(f'"{word}" is not an option of ./lab test; --help shows what is.')
        elif word in PARTS:
            parts.append(word)
        else:
            raise WrongUsage(f'./lab test has no part "{word}"; the parts are {", ".join(PARTS)}.')
    if long and quick:
        raise WrongUsage("--long and --quick exclude each other.")
    if chapter and (quick or parts):
        raise WrongUsage("--chapter runs that chapter's tests in all parts: give neither --quick nor a part with it.")
    return Options(long=long, quick=quick, chapter=chapter, parts=tuple(parts))


def needs_jars(options: Options) -> bool:
    """Does a command run the library as it was built? Quick tests compile for themselves, but not for these parts."""
    return not options.quick or bool({"embed", "browser"} & set(options.parts))


def _chapters() -> list[str]:
    return sorted(path.stem for path in paths.SOURCES.glob("[0-9]*.java"))


def run(command: str, options: Options) -> int:
    if command == "book":
        return book.main(options.out)
    if command == "test":
        from . import everything

        return everything.main(options)
    from .notebooks import build, check, course_map

    if options.action == "map":
        return course_map.main()
    if options.hand_out:
        return build.hand_out(options.chapters, options.hand_out)
    if options.action == "build":
        return build.main(options.chapters, options.keep_outputs)
    if options.action == "thumbs":
        return build.main_thumbs(options.chapters)
    if options.action == "first-cell":
        from .notebooks import first_cell

        return first_cell.main(build.sources(options.chapters), options.model)
    return check.main(options.chapters, options.long)
