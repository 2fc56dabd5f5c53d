"""The settings file: what it may say, what is said back when it cannot mean it, and how it is made."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from feed import checks, settings, shipped, text
from feed.errors import Invalid, SettingsError

SITE = """\
[site]
url = "https://news.example.org/"
authority = "news.example.org"
since = "2026-01-01"
"""
REQUIRED = {"url": "https://news.example.org/", "since": "2026-01-01"}


def saved(folder: Path, content: str) -> Path:
    file = folder / "feed.toml"
    file.write_text(content, encoding="utf-8")
    return file


def with_site(key: str, value: str) -> str:
    """`SITE` with `key = value` (TOML) in place of the line it has for that key."""
    lines = [line for line in SITE.splitlines() if not line.startswith(f"{key} = ")]
    return "\n".join([*lines, f"{key} = {value}", ""])


def refusal(file: Path) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        settings.load(file)
    assert caught.value.file == str(file)
    assert str(caught.value).startswith(f"{file}: ")
    return caught.value


def test_a_file_with_the_three_required_keys_takes_the_defaults(tmp_path: Path) -> None:
    loaded = settings.load(saved(tmp_path, SITE))
    site = settings.Site(url="https://news.example.org/", authority="news.example.org", since="2026-01-01")
    assert loaded == settings.Settings(
        folder=tmp_path,
        site=site,
        desk=settings.Desk(),
        log=settings.Log(),
        publish=settings.Publish(),
        websub=settings.Websub(),
        serve=settings.Serve(),
        words={},
    )
    assert (site.title, site.timezone, site.language) == ("News", "UTC", "en")
    assert (loaded.desk.author, loaded.log.database, loaded.publish.folder) == (None, "feed.db", "public")
    assert (site.entry_link, loaded.publish.pages, loaded.websub.hub) == (None, True, None)


def test_every_key_is_read(tmp_path: Path) -> None:
    extra = 'title = "T"\ntimezone = "Europe/Berlin"\nlanguage = "de-AT"\n'
    extra += 'entry_link = "https://example.org/{story}#{anchor}"\n'
    others = '[desk]\nauthor = "A"\n[log]\ndatabase = "events.db"\n[publish]\nfolder = "www"\npages = false\n'
    others += '[serve]\nhost = "::1"\nport = 80\ncache_control = "no-cache"\nmemory = 64\nlag = 0\n'
    others += '[websub]\nhub = "https://hub.example.org/"\n[words.fr]\nyes = "oui"\n'
    loaded = settings.load(saved(tmp_path, SITE + extra + others))
    assert (loaded.site.title, loaded.site.timezone, loaded.site.language) == ("T", "Europe/Berlin", "de-AT")
    assert loaded.site.entry_link == "https://example.org/{story}#{anchor}"
    assert (loaded.desk.author, loaded.log.database, loaded.publish.folder) == ("A", "events.db", "www")
    assert (loaded.publish.pages, loaded.websub.hub) == (False, "https://hub.example.org/")
    assert loaded.serve == settings.Serve(host="::1", port=80, cache_control="no-cache", memory=64, lag=0)
    assert {language: words.yes for language, words in loaded.words.items()} == {"fr": "oui"}


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    loaded = settings.load(saved(tmp_path, SITE))
    with pytest.raises(AttributeError, match="immutable"):
        loaded.site.title = "other"  # type: ignore[misc]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "feed.toml"
    file.write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert settings.load(file).site.url == "https://news.example.org/"


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG/News", "https://example.org/News/"),
        ("http://localhost:8000//", "http://localhost:8000/"),
        ("http://[::1]:8000/a", "http://[::1]:8000/a/"),
    ],
)
def test_the_url_is_normalised(tmp_path: Path, written: str, normal: str) -> None:
    assert settings.load(saved(tmp_path, with_site("url", f'"{written}"'))).site.url == normal


def test_since_may_be_a_toml_date(tmp_path: Path) -> None:
    assert settings.load(saved(tmp_path, with_site("since", "2023-02-03"))).site.since == "2023-02-03"


@pytest.mark.parametrize("authority", ["localhost", "a.b-c.example", "127.0.0.1", "news_desk.x@example.org"])
def test_domains_and_email_addresses_are_authorities(tmp_path: Path, authority: str) -> None:
    assert settings.load(saved(tmp_path, with_site("authority", f'"{authority}"'))).site.authority == authority


@pytest.mark.parametrize(
    "hub", ["https://hub.example.org/?a=b", "http://localhost:8080/hub", "http://127.0.0.1/", "http://[::1]/"]
)
def test_a_hub_is_reached_by_https_or_within_the_machine(tmp_path: Path, hub: str) -> None:
    assert settings.load(saved(tmp_path, f'{SITE}[websub]\nhub = "{hub}"\n')).websub.hub == hub


@pytest.mark.parametrize("link", ["http://example.org/{story}/{anchor}", "https://{story}.example.org/?at={anchor}#x"])
def test_entry_links_are_patterns_of_addresses(tmp_path: Path, link: str) -> None:
    assert settings.load(saved(tmp_path, with_site("entry_link", f'"{link}"'))).site.entry_link == link


LIKE_URL = 'write it as in url = "https://news.example.org/"'
LIKE_LINK = 'write it as in entry_link = "https://www.example.org/news/{story}#{anchor}"'
NO_LINK = "must have {story} and {anchor}, and no others: " + LIKE_LINK
NO_WEB_ADDRESS = "is no web address without user name: begin it with https:// and the host"
NO_AUTHORITY = "is not allowed: use a domain name or an email address, in lower case"
LIKE_SINCE = 'write it as in since = "2026-01-01"'


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (
            "url",
            '"news.example.org"',
            f"'news.example.org' is no web address without user name, '?' and '#': {LIKE_URL}",
        ),
        (
            "url",
            '"ftp://a.example/"',
            f"'ftp://a.example/' is no web address without user name, '?' and '#': {LIKE_URL}",
        ),
        ("url", '"https://"', f"'https://' is no web address without user name, '?' and '#': {LIKE_URL}"),
        ("url", '"https://a/?b"', f"'https://a/?b' is no web address without user name, '?' and '#': {LIKE_URL}"),
        ("url", '"https://a/#b"', f"'https://a/#b' is no web address without user name, '?' and '#': {LIKE_URL}"),
        (
            "url",
            '"https://me:pw@a/"',
            f"'https://me:pw@a/' is no web address without user name, '?' and '#': {LIKE_URL}",
        ),
        ("url", '"https://a/b c"', "character 12 cannot stand in an address: percent-encode it"),
        ("url", '"https://a:99999/"', "'https://a:99999/' is no address (Port out of range 0-65535)"),
        (
            "url",
            '"https://müller.example/"',
            "'https://müller.example/' is not ASCII: write its host in Punycode (xn--…), percent-encode its path",
        ),
        ("url", "3", 'must be text in quotes, as in url = "https://news.example.org/"'),
        ("title", r'"a\u0007b"', "character 2 is U+0007, which no feed can carry: take it out"),
        ("title", r'"a\nb"', "character 2 breaks the line: write it in one line"),
        ("title", '""', "is empty: write something, or leave the field out"),
        ("title", f'"{"x" * 201}"', "201 characters are too many, at most 200 are allowed: shorten it"),
        ("title", "true", 'must be text in quotes, as in title = "News"'),
        ("title", "2026-01-01", 'must be text in quotes, as in title = "News"'),
        (
            "timezone",
            '"Europe/Berln"',
            "there is no time zone 'Europe/Berln': use an IANA name such as 'Europe/Berlin'",
        ),
        (
            "timezone",
            '"europe/vienna!"',
            "there is no time zone 'europe/vienna!': use an IANA name such as 'Europe/Vienna'",
        ),
        ("timezone", '"Mars"', "there is no time zone 'Mars': use an IANA name such as 'Europe/Berlin'"),
        ("timezone", '"../UTC"', "there is no time zone '../UTC': use an IANA name such as 'UTC'"),
        ("timezone", '""', "there is no time zone '': use an IANA name such as 'Europe/Berlin'"),
        ("timezone", '"America"', "there is no time zone 'America': use an IANA name such as 'America/Nuuk'"),
        ("language", '"german!"', "'german!' is not allowed: use a language tag such as 'en' or 'de-AT'"),
        ("authority", '"Example.org"', f"'Example.org' {NO_AUTHORITY}"),
        ("authority", '"-a.example"', f"'-a.example' {NO_AUTHORITY}"),
        ("authority", '"a..example"', f"'a..example' {NO_AUTHORITY}"),
        ("authority", '"@example.org"', f"'@example.org' {NO_AUTHORITY}"),
        ("authority", '"example.org\\n"', f"'example.org\\n' {NO_AUTHORITY}"),
        ("since", '"2023-02-30"', f"'2023-02-30' is no date (day is out of range for month): {LIKE_SINCE}"),
        ("since", '"20230203"', f"'20230203' is not YYYY-MM-DD: {LIKE_SINCE}"),
        ("entry_link", '"https://a/{story}"', f"'https://a/{{story}}' {NO_LINK}"),
        ("entry_link", '"https://a/{story}#{anchor}{id}"', f"'https://a/{{story}}#{{anchor}}{{id}}' {NO_LINK}"),
        ("entry_link", '"https://a/{story}#{{anchor}}"', f"'https://a/{{story}}#{{{{anchor}}}}' {NO_LINK}"),
        (
            "entry_link",
            '"https://a/{story!r}#{anchor}{story}"',
            f"'https://a/{{story!r}}#{{anchor}}{{story}}' {NO_LINK}",
        ),
        ("entry_link", '"https://a/ {story}#{anchor}"', "character 11 cannot stand in an address: percent-encode it"),
        (
            "entry_link",
            f'"https://a/{"{anchor}" * 40}#{{story}}"',
            "2,651 characters are too many, at most 2,000 are allowed",
        ),
        ("since", "2023-02-03T12:00:00Z", 'must be text in quotes, as in since = "2026-01-01"'),
    ],
)
def test_a_bad_value_is_named_with_its_key(tmp_path: Path, key: str, value: str, problem: str) -> None:
    error = refusal(saved(tmp_path, with_site(key, value)))
    assert (error.key, error.problem) == (f"site.{key}", problem)


@pytest.mark.parametrize(
    ("content", "key", "problem"),
    [
        ('[desk]\nauthor = " A"', "desk.author", "has spaces around it: take them out"),
        ("[desk]\nauthor = 1", "desk.author", 'must be text in quotes, as in author = "News desk"'),
        ('[log]\ndatabase = ""', "log.database", "is empty: write something, or leave the field out"),
        ("[publish]\nfolder = []", "publish.folder", 'must be text in quotes, as in folder = "public"'),
        ('titel = "T"', "site.titel", "there is no such key: did you mean title under [site]?"),
        ('author = "A"', "site.author", "there is no such key: did you mean author under [desk]?"),
        ("[log]\nDATABASES = 1", "log.DATABASES", "there is no such key: did you mean database under [log]?"),
        ("[site.x]", "site.x", "there is no such key: take it out, or use one of"),
        ("[sites]", "sites", "there is no such section: did you mean [site]?"),
        (
            "[fonts]",
            "fonts",
            "there is no such section: the sections are [site], [desk], [log], [publish], [websub], [serve], [words]",
        ),
        ("[wordz.fr]", "wordz", "there is no such section: did you mean [words]?"),
        ("[publish]\npages = 'no'", "publish.pages", "must be true or false, as in pages = true"),
        (
            "[websub]\nhub = 'hub.example.org'",
            "websub.hub",
            "'hub.example.org' is no address: it must begin with http://",
        ),
        ("[websub]\nhub = 'mailto:a@b.example'", "websub.hub", f"'mailto:a@b.example' {NO_WEB_ADDRESS}"),
        ("[websub]\nhub = 'https://me:pw@b.example'", "websub.hub", f"'https://me:pw@b.example' {NO_WEB_ADDRESS}"),
        (
            "[websub]\nhub = 'https://müller.example'",
            "websub.hub",
            "'https://müller.example' is not ASCII: write its host",
        ),
        (
            "[websub]\nhub = 'http://b.example'",
            "websub.hub",
            "'http://b.example' is open to others: write it with https://",
        ),
        (
            "[websub]\nhub = 'http://127.0.0.1.b.example'",
            "websub.hub",
            "'http://127.0.0.1.b.example' is open to others",
        ),
        ("[[words]]", "words", "must be a section: write [words.fr] in a line of its own, its words below"),
        ("[words]\nyes = 'oui'", "words.yes", "must be a word of one language: write it under [words.fr]"),
        ("[words.f]\nyes = 'x'", "words.f", "'f' is not allowed: use a language tag such as 'en' or 'de-AT'"),
        (
            "[words.french]\nyes = 'oui'",
            "words.french",
            "there are no dates in 'french': use a language tag such as 'fr'",
        ),
        ("[words.fr]\n[words.FR]", "words.FR", "stands there twice, in capitals and small letters: make one section"),
        ("[words.fr]\ncorection = 'x'", "words.fr.corection", "there is no such word: did you mean correction?"),
        ("[words.fr]\nzzzz = 'x'", "words.fr.zzzz", "there is no such word: the words are date_year, date_month,"),
        ("[words.fr]\nyes = true", "words.fr.yes", 'must be text in quotes, as in yes = "yes"'),
        ("[words.de]\nyes = true", "words.de.yes", 'must be text in quotes, as in yes = "ja"'),
        (
            '[words.fr]\nyes = "o\\u0007i"',
            "words.fr.yes",
            "character 2 is U+0007, which no feed can carry: take it out",
        ),
        ("[words.fr]\nyes = ' oui'", "words.fr.yes", "has spaces around it: take them out"),
        (
            "[words.fr]\nupdate_of = 'nouvelle'",
            "words.fr.update_of",
            "'nouvelle' must have the same parts as 'update of {time}'",
        ),
        ("[words.fr]\nyes = '{party}'", "words.fr.yes", "'{party}' must have the same parts as 'yes', and no others"),
        ("[words.fr]\nupdate_of = '{time!r}'", "words.fr.update_of", "'{time!r}' must have the same parts"),
        ("[words.fr]\nupdate_of = '{time:9}'", "words.fr.update_of", "'{time:9}' must have the same parts"),
        ("[words.fr]\nupdate_of = '{time.x}'", "words.fr.update_of", "'{time.x}' must have the same parts"),
        ("[words.fr]\nupdate_of = '{time} {'", "words.fr.update_of", "'{time} {' must have the same parts"),
        (
            "[words.fr]\ndate_day = 'd MMMM'",
            "words.fr.date_day",
            "'d MMMM' must have the same parts as 'd MMMM y', and",
        ),
        ("[words.fr]\ndate_day = 'd MMMMMM y'", "words.fr.date_day", "'d MMMMMM y' must have the same parts"),
        ("[words.fr]\ndate_day = 'd MMMM y HH'", "words.fr.date_day", "'d MMMM y HH' must have the same parts"),
        ("[serve]\nport = '80'", "serve.port", "must be a number from 0 to 65,535, as in port = 8000"),
        ("[serve]\nport = true", "serve.port", "must be a number from 0 to 65,535, as in port = 8000"),
        ("[serve]\nmemory = 0", "serve.memory", "must be a number from 1 to 1,000,000, as in memory = 256"),
        ("[serve]\nlag = -1", "serve.lag", "must be a number from 0 to 1,000,000, as in lag = 120"),
        ("[serve]\nhost = 'a b'", "serve.host", "'a b' is no host to listen at: write a name or an address, as in"),
        (
            "[serve]\ncache_control = 'public\u00a0max-age'",
            "serve.cache_control",
            "'public\\xa0max-age' is no list of directives: write it as in cache_control",
        ),
        ("[[log]]", "log", "must be a section: write [log] in a line of its own, its keys below"),
    ],
)
def test_a_fault_beside_a_good_site_is_named_with_its_key(tmp_path: Path, content: str, key: str, problem: str) -> None:
    error = refusal(saved(tmp_path, SITE + content))
    assert error.key == key
    assert error.problem.startswith(problem)


def test_a_key_above_all_sections_is_told_its_section(tmp_path: Path) -> None:
    error = refusal(saved(tmp_path, 'url = "https://news.example.org/"\n' + SITE))
    assert (error.key, error.problem) == ("url", "there is no such key: did you mean url under [site]?")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("url", 'url = "https://news.example.org/"'),
        ("authority", 'authority = "news.example.org"'),
        ("since", 'since = "2026-01-01"'),
    ],
)
def test_a_missing_key_is_shown_as_it_is_written(tmp_path: Path, key: str, line: str) -> None:
    error = refusal(saved(tmp_path, SITE.replace(f"{line}\n", "")))
    assert (error.key, error.problem) == (f"site.{key}", f"is missing: write, under [site], {line}")


def test_a_missing_file_leads_to_feed_init(tmp_path: Path) -> None:
    error = refusal(tmp_path / "feed.toml")
    assert error.problem == "there is no such file: make one with feed init, or name another with --config"


def test_a_folder_in_place_of_the_file_cannot_be_read(tmp_path: Path) -> None:
    assert refusal(tmp_path).problem == "cannot be read (Is a directory): name another with --config"


def test_other_encodings_are_refused_with_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "feed.toml"
    file.write_bytes(SITE.encode() + 'title = "Grüße"\n'.encode("latin-1"))
    assert refusal(file).problem == f"byte {len(SITE) + 12} is not UTF-8: save the file as UTF-8"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("title = News", "Invalid value (at line 5, column 9)"),
        ('url = "https://other.example/"', "Cannot overwrite a value (at line 5, column 31)"),
        ("day = 2023-02-30", "Invalid date or datetime (at line 5, column 7)"),
    ],
)
def test_broken_toml_is_refused_with_its_line(tmp_path: Path, content: str, problem: str) -> None:
    error = refusal(saved(tmp_path, f"{SITE}{content}\n"))
    assert error.problem == f'is no TOML: {problem}; write each setting as in title = "News"'


@pytest.mark.parametrize("value", ["[" * 5_000, "9" * 5_000])
def test_values_beyond_what_python_reads_are_refused(tmp_path: Path, value: str) -> None:
    assert refusal(saved(tmp_path, f"{SITE}title = {value}\n")).problem.startswith("is no TOML: ")


def test_relative_paths_are_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a b%41?ü"
    folder.mkdir()
    saved(folder, SITE)
    monkeypatch.chdir(tmp_path)
    loaded = settings.load(Path(folder.name) / "feed.toml")
    assert loaded.public == folder / "public"
    assert make_url(loaded.database_url).database == str(folder / "feed.db")


@pytest.mark.parametrize(
    ("database", "url"),
    [("/srv/feed.db", "sqlite:////srv/feed.db"), ("sqlite:///:memory:", "sqlite:///:memory:")],
)
def test_absolute_paths_and_urls_stay(tmp_path: Path, database: str, url: str) -> None:
    content = f'[log]\ndatabase = "{database}"\n[publish]\nfolder = "/srv/www"\n'
    loaded = settings.load(saved(tmp_path, SITE + content))
    assert (loaded.database_url, loaded.public) == (url, Path("/srv/www"))


def test_the_template_states_the_defaults(tmp_path: Path) -> None:
    loaded = settings.load(saved(tmp_path, shipped.default_text()))
    site = settings.Site(url=loaded.site.url, authority=loaded.site.authority, since=loaded.site.since)
    assert loaded.site == site
    assert (loaded.desk, loaded.log, loaded.publish) == (settings.Desk(), settings.Log(), settings.Publish())
    assert (loaded.websub, loaded.words) == (settings.Websub(), {})


def test_the_examples_in_the_template_are_settings(tmp_path: Path) -> None:
    content = re.sub("^# ([a-z_]+ = |\\[)", "\\1", shipped.default_text(), flags=re.MULTILINE)
    loaded = settings.load(saved(tmp_path, content))
    assert None not in (loaded.site.entry_link, loaded.desk.author, loaded.websub.hub)
    assert loaded.words["fr"].correction == "Rectification"


def test_the_template_has_every_key_in_a_line_under_a_comment() -> None:
    lines = shipped.default_text().splitlines()
    kinds = (settings.Site, settings.Desk, settings.Log, settings.Publish, settings.Websub)
    for field in (field for kind in kinds for field in msgspec.structs.fields(kind)):
        places = [n for n, line in enumerate(lines) if line.removeprefix("# ").startswith(f"{field.name} = ")]
        assert len(places) == 1, field.name
        assert lines[places[0] - 1].startswith("# "), field.name


def test_shipped_folders_are_found_beside_the_package_or_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shipped.shipped("config") == Path(__file__).parents[1] / "config"
    (tmp_path / "feed" / "config").mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "feed" / "shipped.py"))
    assert shipped.shipped("config") == tmp_path / "feed" / "config"
    assert shipped.shipped("migrations") == tmp_path / "migrations"


def test_write_fills_in_the_template_and_keeps_its_comments(tmp_path: Path) -> None:
    file = settings.write(
        tmp_path / "new" / "site",
        url="https://Example.org:8443/news",
        title="T",
        author="A",
        timezone="Europe/Berlin",
        language="de",
        since="2023-02-03",
    )
    assert file == tmp_path / "new" / "site" / "feed.toml"
    assert [path.name for path in file.parent.iterdir()] == ["feed.toml"]
    expected = shipped.default_text()
    for old, new in {
        'url = "https://news.example.org/"': 'url = "https://Example.org:8443/news"',
        '"News"': '"T"',
        '# author = "News desk"': 'author = "A"',
        '"UTC"': '"Europe/Berlin"',
        'language = "en"': 'language = "de"',
        'authority = "news.example.org"': 'authority = "example.org"',
        "2026-01-01": "2023-02-03",
    }.items():
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    assert file.read_bytes().decode() == expected


def test_write_leaves_the_template_as_it_is_where_nothing_is_given(tmp_path: Path) -> None:
    file = settings.write(tmp_path, url="https://news.example.org/", since="2026-01-01")
    assert file.read_text(encoding="utf-8") == shipped.default_text()


def test_write_takes_an_authority_that_is_not_the_host(tmp_path: Path) -> None:
    file = settings.write(tmp_path, url="http://localhost:8000/", authority="example.org", since="2023-02-03")
    assert settings.load(file).site.authority == "example.org"


def test_a_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    file = settings.write(tmp_path, url="https://example.org/", since="2026-01-01")
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_write_never_replaces_a_file(tmp_path: Path) -> None:
    saved(tmp_path, "mine")
    with pytest.raises(SettingsError) as caught:
        settings.write(tmp_path, url="https://example.org/", since="2026-01-01")
    assert str(caught.value) == f"{tmp_path / 'feed.toml'}: exists already: edit it, or name another folder"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("feed.toml", "mine")]


@pytest.mark.parametrize(
    ("values", "key", "problem"),
    [
        ({"url": "example.org"}, "site.url", "'example.org' is no web address"),
        ({"url": "http://[::1]/"}, "site.authority", f"'[::1]' {NO_AUTHORITY}"),
        ({"title": "a\ud800"}, "site.title", "character 2 is U+D800"),
        ({"title": 'a"\nurl = "b'}, "site.title", "character 3 breaks the line"),
        ({"author": ""}, "desk.author", "is empty"),
        ({"timezone": "Nowhere"}, "site.timezone", "there is no time zone 'Nowhere'"),
    ],
)
def test_write_refuses_bad_values_and_writes_nothing(
    tmp_path: Path, values: dict[str, str], key: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.write(tmp_path / "new", **(REQUIRED | values))
    assert caught.value.key == key
    assert caught.value.problem.startswith(problem)
    assert list(tmp_path.iterdir()) == []


def test_write_says_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SettingsError) as caught:
        settings.write(tmp_path / "file", url="https://example.org/", since="2026-01-01")
    assert caught.value.problem == "cannot be written (File exists): name another folder"
    assert (tmp_path / "file").read_text() == "mine"


def is_name(value: str) -> bool:
    try:
        text.line("name", value, checks.NAME_CHARACTERS)
    except Invalid:
        return False
    return True


NAMES = st.text(max_size=60).filter(is_name) | st.text("\"'\\#[]={}u\t\x7fné😀").filter(is_name)


@given(title=NAMES, author=NAMES)
@example(title='"""', author="'''")
@example(title="C:\\new\\u0041", author='# author = "x"')
@example(title="\x7f \x9f", author="Zoë O'Neil 😀")
def test_what_was_written_is_loaded(tmp_path_factory: pytest.TempPathFactory, title: str, author: str) -> None:
    folder = tmp_path_factory.mktemp("site")
    loaded = settings.load(
        settings.write(folder, url="https://example.org/", title=title, author=author, since="2026-01-01")
    )
    assert (loaded.site.title, loaded.desk.author) == (title, author)
    written = tomllib.loads((folder / "feed.toml").read_text(encoding="utf-8"))
    assert {key: set(table) for key, table in written.items()} == {
        "site": {"url", "title", "timezone", "language", "authority", "since"},
        "desk": {"author"},
        "log": {"database", "key"},
        "publish": {"folder", "pages"},
        "websub": set(),
        "serve": {"host", "port", "cache_control", "memory", "lag"},
    }


def test_importing_settings_imports_what_loading_needs_only() -> None:
    code = "import sys, feed.settings; print({'tomlkit', 'zoneinfo', 'difflib', 'tempfile'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
