"""The templates and the files that pages load: those that ship, each overridden by a newsroom's own of the same name.

A newsroom's template reaches the one that it overrides as "shipped/NAME", to extend or include it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from feed.errors import PublishError
from feed.site.folder import is_path

if TYPE_CHECKING:
    from jinja2 import Environment, Template

STATIC = "static"
_PACKAGE = Path(__file__).parent
_Done = TypeVar("_Done")


class Theme:
    """`folder` holds what overrides; in it, a folder `static` what is published beside or in place of feed.css and
    feed.js. Everything raises PublishError where the folder or a template in it cannot be used."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None and not folder.is_dir():
            raise PublishError(folder, "there is no such folder: make it, or take publish.theme out of feed.toml")

    def render(self, template: str, **values: Any) -> str:
        """A page."""
        return self._in_words(template, lambda: self._template(template).render(values))

    def part(self, template: str, name: str, shared: Mapping[str, Any]) -> Callable[..., str]:
        """A part of pages: the macro `name` that a template defines, which sees what is shared beside its arguments.
        To call one takes a fraction of the time that rendering a template takes."""
        module = self._in_words(template, lambda: self._template(template).make_module(dict(shared)))
        macro = getattr(module, name, None)
        if macro is None:
            raise PublishError(self._folder or _PACKAGE, f"{template} defines no macro {name!r}: add it")
        return lambda **arguments: str(self._in_words(template, lambda: macro(**arguments)))

    def _in_words(self, template: str, work: Callable[[], _Done]) -> _Done:
        """Turns what is wrong with a template of the newsroom's own into a PublishError; one of ours is a bug."""
        try:
            return work()
        except Exception as error:
            from jinja2 import TemplateError

            # A macro that is not called as it is defined is a TypeError.
            if self._folder is None or not isinstance(error, TemplateError | TypeError):
                raise
            raise PublishError(self._folder, f"{_place(error, template)}: mend it, or take it away") from error

    def _template(self, name: str) -> Template:
        return _environment(self._folder, self.digest).get_template(name)

    def static(self) -> Iterator[tuple[str, bytes]]:
        """The files that pages load, with their paths in the site."""
        files = {file.name: file for file in self._static_files()}
        for name, file in sorted(files.items()):
            path = f"{STATIC}/{name}"
            if not is_path(path):
                raise PublishError(file, "cannot be published by that name: use ASCII letters, digits, '.', '_', '-'")
            yield path, self._read(file)

    @cached_property
    def digest(self) -> bytes:
        """Changes when a file of the newsroom's own does."""
        digest = hashlib.sha256()
        files = sorted(self._folder.rglob("*")) if self._folder else ()
        for file in files:
            if self._folder and file.is_file():
                digest.update(file.relative_to(self._folder).as_posix().encode() + b"\0" + self._read(file))
        return digest.digest()

    def _static_files(self) -> Iterator[Path]:
        """The shipped ones first, so that a newsroom's take their places."""
        for folder in (_PACKAGE, self._folder):
            static = folder / STATIC if folder else None
            if static is not None and static.is_dir():
                yield from (file for file in static.iterdir() if file.is_file())

    def _read(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except OSError as error:
            raise PublishError(file, f"cannot be read ({error.strerror}): allow this user to read it") from None


def _place(error: Exception, template: str) -> str:
    """Where a template is wrong, and how."""
    line = getattr(error, "lineno", None)
    where = getattr(error, "name", None) or template
    return f"{where}{f', line {line}' if line else ''}: {error}"


# To compile the templates takes longer than a publish. With another digest there are other templates.
@lru_cache(maxsize=8)
def _environment(folder: Path | None, digest: bytes) -> Environment:
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined

    shipped = PackageLoader("feed.site")
    own = [FileSystemLoader(folder)] if folder else []
    return Environment(
        loader=ChoiceLoader([*own, shipped, PrefixLoader({"shipped": shipped})]),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
