"""Sphinx extension that makes long lists of parameters easy to scan.

Each parameter of a class or function has an anchor, and where its docstring names one
of its parameters, that is a link. The parameters of the estimators stand in the groups
that the package has for them, each below a heading.
"""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from sknet_hp.estimators.parameters import CLASSIFIER, REGRESSOR, group_parameters

ESTIMATORS = {"sknet_hp.NetClassifier": CLASSIFIER, "sknet_hp.NetRegressor": REGRESSOR}


def link_parameters(app: Sphinx, doctree: nodes.document) -> None:
    """Give anchors to the parameters on a page, and link to them where they are named."""
    for description in list(doctree.findall(addnodes.desc)):
        names = [name for signature in description.findall(addnodes.desc_signature) for name in signature["ids"]]
        items = find_parameters(description)
        if not names or not items:
            continue
        anchors = {name: f"{names[0]}.{name}" for name in items}
        for name, item in items.items():
            item[0]["ids"].append(anchors[name])
        for named in list(description.findall(addnodes.pending_xref)):
            if named["reftarget"] in anchors:
                target = anchors[named["reftarget"]]
                named.replace_self(nodes.reference("", "", *named.children, internal=True, refid=target))
        if names[0] in ESTIMATORS:
            divide_list(items, group_parameters(ESTIMATORS[names[0]]))


def find_parameters(description: nodes.Element) -> dict[str, nodes.definition_list_item]:
    """Return the entries of the section Parameters, by name; of methods inside, none."""
    content = next(child for child in description.children if isinstance(child, addnodes.desc_content))
    fields = [f for child in content.children if isinstance(child, nodes.field_list) for f in child.children]
    lists = [f for f in fields if f[0].astext() == "Parameters"]
    return {
        item[0].next_node(nodes.strong).astext(): item  # type: ignore[union-attr]
        for field in lists
        for item in field.findall(nodes.definition_list_item)
        if item[0].next_node(nodes.strong) is not None
    }


def divide_list(items: dict[str, nodes.definition_list_item], groups: dict[str, Any]) -> None:
    """Replace the one list of parameters by a list for each group, with its name above."""
    whole = next(iter(items.values())).parent
    parts: list[nodes.Node] = []
    for title, members in groups.items():
        parts.append(nodes.rubric(title, title, classes=["parameter-group"]))
        parts.append(nodes.definition_list("", *(items[name] for name in members), classes=whole["classes"]))
    whole.replace_self(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("doctree-read", link_parameters)
    return {"parallel_read_safe": True}
