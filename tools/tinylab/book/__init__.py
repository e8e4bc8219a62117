"""`./lab book`: the solved chapters as pages that any browser reads from the disk, with nothing loaded from elsewhere."""

from pathlib import Path

from .. import paths
from ..console import Failure, WrongUsage

DEFAULT = paths.TARGET / "book"
# So that --out never clears somebody's folder: a book's folder has this file.
MARK = "search.js"


def parse(arguments: list[str]) -> Path:
    rest, out = list(arguments), DEFAULT
    while rest:
        word = rest.pop(0)
        key, equals, value = word.partition("=")
        if key != "--out":
            raise WrongUsage(f'./lab book takes no "{word}"; --help shows what it takes.')
        value = value if equals else rest.pop(0) if rest else ""
        if not value:
            raise WrongUsage("--out takes the folder to write the book to.")
        out = Path(value).expanduser().resolve()
    return out


def main(out: Path) -> int:
    try:
        pages = build(out)
    except OSError as problem:
        raise Failure(f"the book can't be written to {out} ({problem.strerror or problem}): choose another folder with --out.") from None
    print(f"{pages} pages: {out / 'index.html'}")
    return 0


def build(out: Path) -> int:
    """Write the book into an empty folder, or over an older book, and return how many pages it has."""
    import shutil
    import tempfile

    from .links import problems
    from .site import Book

    if out.exists() and (not out.is_dir() or any(out.iterdir()) and not (out / MARK).exists()):
        raise Failure(f"{out} holds something else than a book: name an empty folder, or one that is not there yet.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".book-", dir=out.parent) as folder:
        made = Path(folder) / "book"
        book = Book(made)
        book.build()
        wrong = problems(made)
        if wrong:
            raise Failure("the book is not whole:\n" + "\n".join(f"    {problem}" for problem in wrong))
        if out.exists():
            shutil.rmtree(out)
        made.rename(out)
    return len(book.pages) + 1
