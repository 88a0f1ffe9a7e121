"""Build the documentation: `make docs`.

Nothing is fetched while it is built. Links into scikit-learn's documentation are made
from the roles in the docstrings that our classes inherit (`resolve_foreign_reference`);
`make linkcheck` looks whether they, and all other addresses, exist.
"""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

import sknet_hp

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "sknet_hp"
author = "the sknet_hp developers"
copyright = "the sknet_hp developers, BSD 3-Clause"
version = release = sknet_hp.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "command_reference",
    "parameter_links",
]
exclude_patterns = [
    "_build",
    "_templates",
    "examples",
    "extensions",
    "**/*.ipynb",
    "auto_examples/*.py",
    "auto_examples/*.md5",
]
templates_path = ["_templates"]
# Indented blocks are shell, output and Python by turns: guessing colours words of English.
highlight_language = "none"
smartquotes = False  # --option is no dash
pygments_style = "a11y-high-contrast-light"

# Markdown, whose pages are read on a code host as well.
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

# Docstrings. A name in backticks becomes a link where there is something of that name, and code elsewhere.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [("py:obj", ".*")]
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"  # names of methods fit beside the page
autosummary_generate = True
autosummary_filename_map = {"sknet_hp.sharing.Card": "sknet_hp.sharing.Card-class"}  # some disks know no upper case
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# The gallery: `docs/examples/plot_*.py` are run, and an error in one ends the build.
sphinx_gallery_conf: dict[str, Any] = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "FileNameSortKey",
    "only_warn_on_example_error": False,
    "abort_on_example_error": False,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e6,
    "write_computation_times": False,
    "remove_config_comments": True,
    "doc_module": ("sknet_hp",),
    "reference_url": {"sknet_hp": None},
    "backreferences_dir": "auto_examples/backreferences",
    "inspect_global_variables": False,
    "capture_repr": ("_repr_html_",),
}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "sknet_hp"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "sknet_hp"},
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"index": [], "start": [], "changelog": [], "contributing": []}

linkcheck_anchors = False
linkcheck_timeout = 20

SCIKIT_LEARN = "https://scikit-learn.org/stable"
FOREIGN_PAGES = {
    "accuracy_score": "modules/model_evaluation.html#accuracy-score",
    "metadata_routing": "metadata_routing.html#metadata-routing",
    "r2_score": "modules/model_evaluation.html#r2-score",
}
"""Sections of scikit-learn's guide that the docstrings of its methods refer to."""


def resolve_foreign_reference(app: Sphinx, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Return a link into scikit-learn's pages for a role that its docstrings contain."""
    target = node.get("reftarget", "")
    if node.get("reftype") == "term":
        page = f"glossary.html#term-{target.replace(' ', '-')}"
    elif node.get("reftype") == "ref" and target in FOREIGN_PAGES:
        page = FOREIGN_PAGES[target]
    elif node.get("reftype") in ("class", "func", "meth") and target.startswith("sklearn."):
        page = f"modules/generated/{target}.html"
    else:
        return None
    link = nodes.reference("", "", internal=False, refuri=f"{SCIKIT_LEARN}/{page}")
    link.append(content)
    return link


def shorten_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Return a signature without what is in the middle, if it has more than 20 parameters.

    The list of parameters below has them all.
    """
    if what != "class" or signature is None or len(inspect.signature(obj).parameters) <= 20:
        return None
    parameters = list(inspect.signature(obj).parameters.values())
    positional = [parameter.name for parameter in parameters if parameter.kind is not inspect.Parameter.KEYWORD_ONLY]
    first, last = parameters[len(positional)], parameters[-1]
    shown = [*positional, "*", f"{first.name}={first.default!r}", "...", f"{last.name}={last.default!r}"]
    return f"({', '.join(shown)})", returned


def point_into_documentation(app: Sphinx, docname: str, source: list[str]) -> None:
    """Let links from our pages to files at the root of the project lead to their pages here.

    On a code host `../CONTRIBUTING.md` is the file; here it is a page that includes it.
    An example is its source there, and a page with what it prints and draws here.
    """
    for file, page in (("CONTRIBUTING.md", "contributing.md"), ("CHANGELOG.md", "changelog.md")):
        source[0] = source[0].replace(f"](../{file}", f"]({page}")
    source[0] = re.sub(r"\]\(((?:\.\./)?)examples/([\w/]+)\.py\)", r"](\1auto_examples/\2.rst)", source[0])


def setup(app: Sphinx) -> None:
    """Register what Sphinx has no option for."""
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("missing-reference", resolve_foreign_reference)
    app.connect("source-read", point_into_documentation)
