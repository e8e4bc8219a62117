"""Is the book whole? Every link leads somewhere, and no page loads anything from outside of its folder."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

# What makes a browser load something by itself; an <a> waits for a reader.
LOADS = {"img": ("src", "srcset"), "script": ("src",), "link": ("href",), "iframe": ("src",), "source": ("src", "srcset"), "video": ("src", "poster"),
         "audio": ("src",), "object": ("data",), "embed": ("src",), "use": ("href",), "image": ("href",), "form": ("action",), "base": ("href",)}
STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
CALLS = re.compile(r"\b(?:fetch|XMLHttpRequest|importScripts|WebSocket|sendBeacon|EventSource)\b|\bimport\s*\(")


def problems(folder: Path) -> list[str]:
    found: list[str] = []
    folder = folder.resolve()
    pages = {page: BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser") for page in sorted(folder.rglob("*.html"))}
    anchors = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in pages.items()}
    for page, soup in pages.items():
        name = page.relative_to(folder).as_posix()
        for tag in soup.find_all(True):
            for attribute in LOADS.get(tag.name, ()):
                for value in filter(None, re.split(r",\s+|\s+\d+x", tag.get(attribute, "") or "")):
                    found += _loaded(folder, page, name, value)
            for one, two in STYLE.findall(tag.get("style", "") or "") + (STYLE.findall(tag.get_text()) if tag.name == "style" else []):
                found += _loaded(folder, page, name, one or two)
            if tag.name == "script" and not tag.get("src") and CALLS.search(tag.get_text()):
                found.append(f"{name}: a script asks the network")
            if tag.name == "a" and tag.get("href"):
                found += _linked(folder, page, name, tag["href"], anchors)
        ids = [tag["id"] for tag in soup.find_all(id=True)]
        found += [f"{name}: the id {double} stands twice" for double in sorted({each for each in ids if ids.count(each) > 1})]
    for file in sorted([*folder.rglob("*.css"), *folder.rglob("*.js")]):
        text = file.read_text(encoding="utf-8")
        name = file.relative_to(folder).as_posix()
        if file.suffix == ".css":
            for one, two in STYLE.findall(text):
                found += _loaded(folder, file, name, one or two)
        elif file.name != "search.js" and CALLS.search(text):
            found.append(f"{name}: a script asks the network")
    return found


def _loaded(folder: Path, page: Path, name: str, address: str) -> list[str]:
    parts = urlsplit(address.strip())
    if parts.scheme == "data":
        return []
    if parts.scheme or parts.netloc:
        return [f"{name} loads {address[:100]}, from outside"]
    return _there(folder, page, name, parts.path)


def _linked(folder: Path, page: Path, name: str, address: str, anchors: dict) -> list[str]:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return [] if parts.scheme in ("http", "https", "mailto") else [f"{name} links to {address[:100]}"]
    missing = _there(folder, page, name, parts.path) if parts.path else []
    if missing or not parts.fragment:
        return missing
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    known = anchors.get(target)
    if known is not None and unquote(parts.fragment) not in known:
        return [f"{name} links to {address[:100]}, and that page has no such place"]
    return []


def _there(folder: Path, page: Path, name: str, path: str) -> list[str]:
    target = (page.parent / unquote(path)).resolve()
    if not target.is_relative_to(folder.resolve()):
        return [f"{name} leads out of the book: {path[:100]}"]
    return [] if target.is_file() else [f"{name} leads to {path[:100]}, which is not there"]
