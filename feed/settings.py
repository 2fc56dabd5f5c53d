"""The settings file `feed.toml`: read, checked, and written from the shipped template.

Every fault is an `errors.SettingsError` that names the file, the key (`site.url`) and what to write instead.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from feed import text
from feed.checks import CHECKS, RANGES, host
from feed.errors import Invalid, SettingsError
from feed.languages import reworded
from feed.shipped import SETTINGS_FILE, default_text, example
from feed.words import Words


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What subscribers see; `url` ends in "/", `since` is YYYY-MM-DD (RFC 4151: when `authority` was the site's).

    `entry_link` is a pattern with {story} and {anchor}.
    """

    url: str
    title: str = "News"
    timezone: str = "UTC"
    language: str = "en"
    authority: str
    since: str
    entry_link: str | None = None


class Desk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who writes."""

    author: str | None = None


class Log(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events are kept: a path from the settings file's folder, or an SQLAlchemy URL; and the path of the
    private key that signs the log's checkpoints, if that file is there."""

    database: str = "feed.db"
    key: str = "feed.key"


class Publish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where files are published, whether pages are among them, and where templates of one's own are; paths are from
    the settings file's folder."""

    folder: str = "public"
    pages: bool = True
    theme: str | None = None


class Websub(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who passes on that the feeds have changed (https://www.w3.org/TR/websub/)."""

    hub: str | None = None


class Serve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How `feed serve` answers: where it listens, Cache-Control (RFC 9111 section 5.2), megabytes of contents in
    memory, seconds that an event may wait for being published before /healthz fails (0: it is not looked at)."""

    host: str = "127.0.0.1"
    port: int = 8000
    cache_control: str = "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400"
    memory: int = 256
    lag: int = 120


_WORDS = "words"
_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "site": Site,
    "desk": Desk,
    "log": Log,
    "publish": Publish,
    "websub": Websub,
    "serve": Serve,
}
_Section = TypeVar("_Section", bound=msgspec.Struct)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole settings file; `folder` is the absolute path of the folder that holds it.

    `words` has a whole table for every language (in lower case) that the file gives words of.
    """

    folder: Path
    site: Site
    desk: Desk
    log: Log
    publish: Publish
    websub: Websub
    serve: Serve
    words: dict[str, Words]

    @property
    def database_url(self) -> str:
        """An SQLAlchemy URL; the one given, or SQLite's with an absolute path."""
        if "://" in self.log.database:
            return self.log.database
        # SQLAlchemy (2.1 and later) undoes percent-encoding in a path, and a query begins at "?".
        path = (self.folder / self.log.database).as_posix()
        return "sqlite:///" + path.replace("%", "%25").replace("?", "%3F")

    @property
    def key_file(self) -> Path:
        """The absolute path of the private key, which need not be there."""
        return self.folder / self.log.key

    @property
    def public(self) -> Path:
        """The absolute path of the folder to publish into."""
        return self.folder / self.publish.folder

    @property
    def theme(self) -> Path | None:
        """The absolute path of the folder of templates and files that override the shipped ones."""
        return self.folder / self.publish.theme if self.publish.theme else None


def load(file: Path) -> Settings:
    """The settings in `file`; raises SettingsError."""
    return _settings(file, _read(file))


def write(
    folder: Path,
    *,
    url: str,
    since: str,
    title: str | None = None,
    author: str | None = None,
    timezone: str | None = None,
    language: str | None = None,
    authority: str | None = None,
) -> Path:
    """Makes `feed.toml` in `folder` (made too) from the template and returns its path; None keeps the template's value.

    `authority` is the url's host when it is None. Raises SettingsError, also where the file exists, and then leaves
    no file behind.
    """
    file = folder / SETTINGS_FILE
    site = {"url": url, "title": title, "timezone": timezone, "language": language, "since": since}
    content = _filled(site=site | {"authority": authority or host(url)}, author=author)
    _settings(file, content)
    try:
        _create(file, content)
    except OSError as error:
        raise SettingsError(file, "", f"cannot be written ({error.strerror}): name another folder") from None
    return file


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(
            file, "", "there is no such file: make one with feed init, or name another with --config"
        ) from None
    except OSError as error:
        raise SettingsError(file, "", f"cannot be read ({error.strerror}): name another with --config") from None
    except UnicodeDecodeError as error:
        raise SettingsError(file, "", f"byte {error.start + 1} is not UTF-8: save the file as UTF-8") from None


def _settings(file: Path, content: str) -> Settings:
    tables = _toml(file, content)
    try:
        _refuse_unknown_sections(tables)
        return Settings(
            folder=file.absolute().parent,
            site=_section(tables, "site", Site),
            desk=_section(tables, "desk", Desk),
            log=_section(tables, "log", Log),
            publish=_section(tables, "publish", Publish),
            websub=_section(tables, "websub", Websub),
            serve=_section(tables, "serve", Serve),
            words=_words(tables.get(_WORDS, {})),
        )
    except Invalid as error:
        raise SettingsError(file, error.field, error.problem) from None


def _toml(file: Path, content: str) -> dict[str, object]:
    try:
        return tomllib.loads(content)
    # tomllib leaves numbers of too many digits and values nested too deep to Python's own errors.
    except (ValueError, RecursionError) as error:
        raise SettingsError(file, "", f"is no TOML: {error}; write each setting as in {example('title')}") from None


def _refuse_unknown_sections(tables: dict[str, object]) -> None:
    sections = (*_SECTIONS, _WORDS)
    for name, table in tables.items():
        if name in sections:
            continue
        if not isinstance(table, dict):
            raise Invalid(name, _unknown_key(name))
        near = text.nearest(name, sections)
        hint = (
            f"did you mean [{near}]?" if near else f"the sections are {', '.join(f'[{known}]' for known in sections)}"
        )
        raise Invalid(name, f"there is no such section: {hint}")


def _unknown_key(key: str) -> str:
    homes = {field.name: name for name, kind in _SECTIONS.items() for field in msgspec.structs.fields(kind)}
    near = text.nearest(key, homes)
    if not near:
        return f"there is no such key: take it out, or use one of {', '.join(sorted(homes))}"
    return f"there is no such key: did you mean {near} under [{homes[near]}]?"


def _section(tables: dict[str, object], name: str, kind: type[_Section]) -> _Section:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise Invalid(name, f"must be a section: write [{name}] in a line of its own, its keys below")
    fields = msgspec.structs.fields(kind)
    for key in table:
        if key not in {field.name for field in fields}:
            raise Invalid(f"{name}.{key}", _unknown_key(key))
    for field in fields:
        if field.required and field.name not in table:
            raise Invalid(f"{name}.{field.name}", f"is missing: write, under [{name}], {example(field.name)}")
    return msgspec.convert({key: _value(f"{name}.{key}", value) for key, value in table.items()}, kind)


def _words(languages: object) -> dict[str, Words]:
    if not isinstance(languages, dict):
        raise Invalid(_WORDS, "must be a section: write [words.fr] in a line of its own, its words below")
    tables: dict[str, Words] = {}
    for language, given in languages.items():
        key = f"{_WORDS}.{language}"
        if not isinstance(given, dict):
            raise Invalid(key, "must be a word of one language: write it under [words.fr], if that is French")
        _has_dates(key, language)
        if language.lower() in tables:
            raise Invalid(key, "stands there twice, in capitals and small letters: make one section of them")
        tables[language.lower()] = reworded(key, language, given)
    return tables


def _has_dates(key: str, language: str) -> None:
    from babel import Locale, UnknownLocaleError

    text.language(key, language)
    try:
        Locale(language.partition("-")[0].lower())
    except UnknownLocaleError:
        raise Invalid(key, f"there are no dates in {language!r}: use a language tag such as 'fr' or 'de-AT'") from None


def _value(key: str, value: object) -> str | bool | int:
    if key == "publish.pages":
        if not isinstance(value, bool):
            raise Invalid(key, f"must be true or false, as in {example('pages')}")
        return value
    if key == "site.since" and isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if key in RANGES:
        least, most = RANGES[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            like = example(key.partition(".")[2])
            raise Invalid(key, f"must be a number from {least:,} to {most:,}, as in {like}")
        return value
    if not isinstance(value, str):
        raise Invalid(key, f"must be text in quotes, as in {example(key.partition('.')[2])}")
    return CHECKS[key](key, value)


def _filled(*, site: dict[str, str | None], author: str | None) -> str:
    """The template with these values in place of its own; its comments stay."""
    import tomlkit

    document = tomlkit.parse(default_text() if author is None else default_text().replace("# author =", "author ="))
    values: dict[str, dict[str, str | None]] = {"site": site, "desk": {"author": author}}
    for section, keys in values.items():
        document[section].update({key: value for key, value in keys.items() if value is not None})
    return tomlkit.dumps(document)


def _create(file: Path, content: str) -> None:
    """Writes a new file at once or not at all: a hard link never replaces a file that is there."""
    import tempfile

    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".feed-", dir=file.parent) as folder:
        draft = Path(folder) / file.name
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            raise SettingsError(file, "", "exists already: edit it, or name another folder") from None
