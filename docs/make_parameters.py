"""Write parameters.md, the page of all hyperparameters, from the package's registry.

`tests/test_docs.py` checks that it is up to date.
"""

from collections import Counter
from inspect import signature
from pathlib import Path

from sknet_hp import NetClassifier, NetRegressor
from sknet_hp.estimators.parameters import CLASSIFIER, REGRESSOR, Hyperparameter, group_parameters

HEAD = """# Parameters

All parameters of `NetClassifier` and `NetRegressor`: what each does, when it matters and what it depends on, its
default, and the range to search. The dozen that matter most: [Hyperparameters](guide/hyperparameters.md).

The sources are listed in [Papers](papers.md). `docs/make_parameters.py` writes this page from the registry that the
docstrings and the checks of values come from.
"""

COLUMNS = """| group | parameters |
|---|---|
"""

Group = tuple[str, dict[str, Hyperparameter], type]


def list_groups() -> list[Group]:
    """Return the sections of the page: a title, its parameters, and an estimator that has them."""
    groups: list[Group] = []
    for title, parameters in group_parameters(CLASSIFIER).items():
        if parameters is CLASSIFIER:
            groups.append((f"{title} of classifiers", CLASSIFIER, NetClassifier))
            groups.append((f"{title} of regressors", REGRESSOR, NetRegressor))
        else:
            groups.append((title, parameters, NetClassifier))
    return groups


def link_headings(groups: list[Group]) -> str:
    """Return a row for each group, with links to its heading and those of its parameters.

    A heading that comes a second time has an anchor with a number.
    """
    seen: Counter[str] = Counter()

    def link(heading: str, text: str) -> str:
        anchor = heading.lower().replace(",", "").replace(" ", "-")
        number = f"-{seen[anchor]}" if seen[anchor] else ""
        seen[anchor] += 1
        return f"[{text}](#{anchor}{number})"

    rows = []
    for title, parameters, _ in groups:
        group = link(title, title)
        rows.append(f"| {group} | {' · '.join(link(name, f'`{name}`') for name in parameters)} |\n")
    return "".join(rows)


def describe(name: str, parameter: Hyperparameter, Net: type) -> str:
    """Return the part of the page about one parameter."""
    kind, _, default = parameter.describe_type(signature(Net).parameters[name].default).rpartition(", default=")
    facts = [f"*default* `{default}`", f"*values* {kind}"]
    facts += [f"*search over* {parameter.search}"] * bool(parameter.search)
    facts += [f"*source* {parameter.source}"] * bool(parameter.source)
    advice = f"*When it matters:* {parameter.advice}\n\n" if parameter.advice else ""
    return f"### {name}\n\n{parameter.text}\n\n{advice}{' · '.join(facts)}\n"


def page() -> str:
    """Write the whole page."""
    groups = list_groups()
    parts = [HEAD, COLUMNS + link_headings(groups)]
    for title, parameters, Net in groups:
        parts.append(f"## {title}\n")
        parts += [describe(name, parameter, Net) for name, parameter in parameters.items()]
    return "\n".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("parameters.md").write_text(page(), encoding="utf-8")
