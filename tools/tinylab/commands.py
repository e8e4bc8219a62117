"""`./lab notebooks` and `./lab test`: what their options mean, and which parts they run."""

from dataclasses import dataclass

from .console import WrongUsage


@dataclass(frozen=True)
class Options:
    action: str = ""
    chapters: tuple[str, ...] = ()
    long: bool = False


def parse(command: str, arguments: list[str]) -> Options:
    long = "--long" in arguments
    words = [argument for argument in arguments if argument != "--long"]
    for word in words:
        if word.startswith("-"):
            raise WrongUsage(f'"{word}" is not an option of ./lab {command}; --help shows what is.')
    if command == "test":
        if words:
            raise WrongUsage(f'./lab test takes no "{words[0]}"; --help shows what it takes.')
        return Options(long=long)
    if not words or words[0] not in ("check", "build"):
        raise WrongUsage("./lab notebooks takes check or build; --help shows what they do.")
    return Options(words[0], tuple(words[1:]), long)


def run(command: str, options: Options) -> int:
    if command == "test":
        from . import everything

        return everything.main(options.long)
    from .notebooks import build, check

    if options.action == "build":
        return build.main(options.chapters)
    return check.main(options.chapters, options.long)
