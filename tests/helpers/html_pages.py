"""Pages of the report, read back."""

import json
from html.parser import HTMLParser


class Page(HTMLParser):
    """The elements of a page: its scripts, its code, and the text that is read."""

    def __init__(self, path):
        super().__init__()
        self.scripts, self.specs, self.codes, self.headings, self.words = [], [], [], [], []
        self._open, self._is_json = [], False
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    @property
    def text(self):
        """All that is read, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        if tag in ("meta", "link"):
            return
        self._open.append(tag)
        self._is_json = dict(attrs).get("type") == "application/json"
        if tag == "pre":
            self.codes.append("")
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append("")

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        last = self._open[-1] if self._open else ""
        if last == "script":
            (self.specs if self._is_json else self.scripts).append(json.loads(data) if self._is_json else data)
            return
        if last == "style":
            return
        self.words.append(data)
        if "pre" in self._open:
            self.codes[-1] += data
        if last in ("h1", "h2", "h3", "h4"):
            self.headings[-1] += data
