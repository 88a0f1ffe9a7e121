"""Sphinx directive that describes the commands of `sknet-hp`, from the commands themselves."""

import re
from typing import Any, Literal, get_args, get_origin

import typer
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from sknet_hp.cli.app import app as commands


class CommandReference(SphinxDirective):
    """Write a section for each command, on a Markdown page: usage, help, options."""

    def run(self) -> list[nodes.Node]:
        """Return the nodes of all sections."""
        group: Any = typer.main.get_command(commands)
        lines = [line for name, command in group.commands.items() for line in describe_command(name, command)]
        host = nodes.section()
        host.document = self.state.document
        self.state.nested_parse(StringList(lines, "sknet-hp"), 0, host, match_titles=True)
        return host.children


def describe_command(name: str, command: Any) -> list[str]:
    """Return the section of one command as lines of Markdown."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not getattr(p, "hidden", False)]
    usage = " ".join(["sknet-hp", name, *(p.metavar or p.name.upper() for p in arguments), "[OPTIONS]"])
    text = mark_options(command.help or "").splitlines()
    lines = [
        f"## {name}",
        "",
        "```console",
        f"$ {usage}",
        "```",
        "",
        *text,
        "",
        "| option | what it does |",
        "|---|---|",
    ]
    for parameter in [*arguments, *options]:
        names = ", ".join(f"`{n}`" for n in [*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            names = f"`{parameter.metavar or parameter.name.upper()}`"
        elif parameter.metavar:
            names += f" `{parameter.metavar}`"
        lines.append(f"| {names} | {describe_parameter(parameter)} |")
    return [*lines, ""]


def describe_parameter(parameter: Any) -> str:
    """Return what a parameter does, with its choices and default, for a cell of a table."""
    text = mark_options(" ".join((parameter.help or "").split()))
    annotation = parameter.type_descriptor.annotation
    if get_origin(annotation) is Literal:
        text += " One of " + ", ".join(f"`{choice}`" for choice in get_args(annotation)) + "."
    default = parameter.show_default if isinstance(parameter.show_default, str) else parameter.default
    if default not in (None, False, True, "", "none") and parameter.show_default:
        text += f" Default: {default}."
    return text.replace("|", "\\|")


def mark_options(text: str) -> str:
    """Put options that stand in running text between backticks, and leave code as it is."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"(?<![\w-])(--?[a-z][a-z-]*)", r"`\1`", part) for part in parts
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("command-reference", CommandReference)
    return {"parallel_read_safe": True}
