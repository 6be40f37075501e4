"""Google's Takeout of Gemini: a log of activity, as JSON and as a page."""

from tests.parts.exports import read


def entry(title, time, html=None, product="Gemini Apps", **more):
    answer = {"safeHtmlItem": [{"html": html}]} if html else {}
    return {"header": product, "title": title, "time": time, "products": [product], **answer, **more}


LOG = [
    entry("Prompted And by night?", "2026-05-02T20:05:00.000Z", "<p>The <b>moon</b> too.</p>"),
    entry("Gave feedback: Good response", "2026-05-02T20:04:30.000Z"),
    entry("Visited a page", "2026-05-02T20:04:00.000Z", product="Search"),
    entry(
        "Prompted What moves the tides?",
        "2026-05-02T20:00:00.000Z",
        "<p>Two things:</p><ul><li>the moon</li><li>the sun</li></ul><script>steal()</script><p>a &lt; b</p>"
        '<a href="javascript:run()">here</a> <a href="https://tides.example">there</a>',
    ),
    entry("Prompted Good morning", "2026-05-02T08:00:00.000Z"),
]


def test_the_newest_stands_first_and_is_read_last() -> None:
    """Questions less than half an hour apart are one conversation, oldest first."""
    found = read(LOG)
    assert found.formats == {"gemini-takeout"}
    tides, morning = found.conversations
    assert [each.content.split("\n")[0] for each in tides.messages] == [
        "What moves the tides?", "Two things:", "And by night?", "The **moon** too.",
    ]  # fmt: skip
    assert [each.content for each in morning.messages] == ["Good morning"]


def test_answers_become_markdown_without_scripts() -> None:
    """Lists stay lists; no script and no address that runs one comes along."""
    answer = read(LOG).conversations[0].messages[1].content
    assert "- the moon\n- the sun" in answer
    assert "steal" not in answer
    assert "javascript" not in answer
    assert "[there](https://tides.example)" in answer


def test_signs_of_a_page_stay_signs() -> None:
    """Tags and stars that were shown as text are text, formulas keep their letters, code its language."""
    html = "<p>Use &lt;b&gt; or 2*3 for $a_1*b_1$.</p><pre><code class='language-html'>&lt;b&gt;*&lt;/b&gt;</code></pre>"
    answer = read([entry("Prompted How?", "2026-05-02T20:00:00Z", html)]).conversations[0].messages[1].content
    assert answer == "Use \\<b> or 2\\*3 for $a_1*b_1$.\n\n```html\n<b>*</b>\n```"


def test_a_page_with_odd_numbers_and_a_file_named_below_it() -> None:
    """Its words come along; a file that only a line below the question names is named too."""
    html = "<table><tr><td colspan='²'>one</td></tr></table>"
    found = read(
        [
            entry(
                "Prompted Q",
                "2026-05-02T20:00:00Z",
                html,
                subtitles=[{"name": "Attached 1 file."}, {"name": "-  cat.png", "url": "c"}],
            )
        ]
    )
    assert "one" in found.spoken()[-1][1]
    assert [file.name for file in found.files] == ["cat.png"]


def test_what_is_left_out_is_counted() -> None:
    """Other products, notes that are no question, and that the log does not say what belongs together."""
    told = read(LOG).told
    assert "1 entry of Search: they are of another product" in told
    assert "Gave feedback" in told
    assert "which questions were one conversation" in told


def test_other_languages_name_the_question_otherwise() -> None:
    """What all questions begin with is learned where it is not known; a name of the product need not be English."""
    german = read(
        [
            entry(
                "Eingegebener Prompt: Guten Tag",
                "2026-01-01T00:00:00Z",
                "<p>Hallo</p>",
                product="Gemini-Apps",
            )
        ]
    )
    assert german.spoken() == [("U", "Guten Tag"), ("A", "Hallo")]
    titles = ("Syötetty kehote: Mikä päivä", "Syötetty kehote: Kuka sinä olet", "Syötetty kehote: Hei")
    learned = read(
        [entry(title, "2026-01-01T00:00:00Z", "<p>x</p>", product="Gemini-sovellukset") for title in titles]
    )
    assert [words for who, words in learned.spoken() if who == "U"] == ["Hei", "Kuka sinä olet", "Mikä päivä"]


def test_bad_times_and_files() -> None:
    """An entry without a time stays beside its neighbours; what was attached is named."""
    found = read(
        [
            entry("Prompted B", "never", "<p>b</p>", attachedFiles=["cat.png"]),
            entry("Prompted A", "2026-01-01T00:00:00Z", "<p>a</p>"),
        ]
    )
    assert [words for _, words in found.spoken()] == ["A", "a", "B", "b"]
    assert [file.name for file in found.files] == ["cat.png"]


def test_a_log_that_is_nested_without_end_is_still_text() -> None:
    """Its words come along, whatever their shape was."""
    found = read([entry("Prompted Deep", "2026-01-01T00:00:00Z", "<div>" * 3000 + "words" + "</div>" * 3000)])
    assert found.spoken()[-1] == ("A", "words")


CELL = (
    '<div class="outer-cell mdl-cell"><div class="mdl-grid"><div class="header-cell"><p class="title">{product}<br></p></div>'
    '<div class="content-cell">{title}<br>{time}<br>{answer}</div><div class="content-cell"></div>'
    '<div class="content-cell caption"><b>Products:</b><br> {product}<br></div></div></div>'
)


def test_the_log_as_a_page() -> None:
    """Google's default: the same entries as cells of a page."""
    cells = [
        CELL.format(
            product="Gemini Apps",
            title="Prompted And then?",
            time="May 2, 2026, 8:05:00\u202fPM UTC",
            answer="<p>Then <i>rest</i>.</p>",
        ),
        CELL.format(
            product="Search", title="Searched for bread", time="May 2, 2026, 8:03:00 PM UTC", answer=""
        ),
        CELL.format(
            product="Gemini Apps",
            title="Prompted How is bread made?",
            time="May 2, 2026, 10:00:00 PM CEST",
            answer="<p>Knead.</p>",
        ),
    ]
    found = read(f"<html><head><style>.outer-cell{{}}</style></head><body>{''.join(cells)}</body></html>")
    assert found.formats == {"gemini-takeout"}
    assert found.spoken() == [
        ("U", "How is bread made?"),
        ("A", "Knead."),
        ("U", "And then?"),
        ("A", "Then *rest*."),
    ]
    assert "1 entry of Search" in found.told
