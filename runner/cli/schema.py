"""`runner schema`"""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.option(
    "--strict", is_flag=True, help="Refuse keys, too, that are only ignored: an editor underlines a misspelling."
)
@click.option("--markdown", is_flag=True, help="The reference of the language as a page, made of the same tables.")
def command(*, strict: bool, markdown: bool) -> None:
    """Print a JSON Schema (draft 2020-12) of pipeline files, for editors.

    Put "# yaml-language-server: $schema=FILE" in the first line of a pipeline file, or name the file in the settings of
    the editor.
    """
    if markdown:
        from runner.reference.page import page

        click.echo(page(), nl=False)
        return
    from runner.reference.schema import schema_of

    click.echo(json.dumps(schema_of(strict=strict), ensure_ascii=False, indent=1))
