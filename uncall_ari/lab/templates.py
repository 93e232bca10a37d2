"""Asterisk's configuration, written from the templates in dialplan/."""

from pathlib import Path

import jinja2

from uncall_ari.share import shared

SUFFIX = ".j2"


def write_configuration(folder: Path, values: dict[str, object]) -> None:
    """Writes one file into `folder` for each template. Raises jinja2.UndefinedError for a value that a
    template names and `values` lacks. The files hold passwords: others may not read them."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shared("dialplan")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # not HTML; every value that comes in is checked in spec.py
    )
    for name in environment.list_templates(filter_func=lambda name: name.endswith(SUFFIX)):
        text = environment.get_template(name).render(values)
        (folder / name.removesuffix(SUFFIX)).write_text(text)
