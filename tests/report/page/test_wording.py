from sknet_hp.findings import Finding, Findings
from sknet_hp.report.page.content import Answer, Code, FindingList, Page, Points, Section, Text
from sknet_hp.report.page.wording import reword


def test_sentences_are_reworded_and_code_is_not():
    finding = Finding("code", "info", "a message", {"a": "a"}, "an advice", {"lr": 0.1})
    blocks = [Text("a text"), Points(("a", "b")), Code("a = 1", "a lead"), FindingList(Findings([finding]))]
    page = Page("a title", "a subtitle", None, [Answer("a question", blocks)], [Section("a section", blocks, "a")])
    found = reword(page, lambda text: text.replace("a ", "A "))
    assert (found.title, found.answers[0].question) == ("A title", "A question")
    text, points, code, findings = found.answers[0].blocks
    assert (text.text, points.entries, code) == ("A text", ("a", "b"), blocks[2])
    assert (findings.findings[0].message, findings.findings[0].evidence) == ("A message", {"a": "a"})
    assert found.sections[0].anchor == "a"
    assert page.title == "a title"
