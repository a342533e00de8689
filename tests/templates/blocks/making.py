"""Documents for tests: small ones by hand, any by Hypothesis."""

from hypothesis import strategies as st

from core.templates.blocks.document import LAYOUTS, Document, Section, new_block, new_section
from core.templates.blocks.kinds import BlockKind

# What people may write anywhere: markup, quotes, braces, letters of all kinds, and a field.
WORDS = st.one_of(
    st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="{"), max_size=40),
    st.sampled_from(["<b>", '"quoted" & <i>', "Grüße, {{ contact.first_name|default('du') }}", "&#123;&#123; contact.email }}", "’“”"]),
)
SIMPLE = (BlockKind.HEADING, BlockKind.TEXT, BlockKind.DIVIDER, BlockKind.SPACER, BlockKind.QUOTE)


def email_of(*sections: Section) -> Document:
    return Document(sections=sections)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    sections = []
    for _ in range(draw(st.integers(0, 4))):
        section = new_section(draw(st.sampled_from(sorted(LAYOUTS))))
        columns = []
        for column in section.columns:
            blocks = tuple(new_block(kind) for kind in draw(st.lists(st.sampled_from(SIMPLE), max_size=4)))
            columns.append(column.model_copy(update={"blocks": blocks}))
        sections.append(section.model_copy(update={"columns": tuple(columns)}))
    return Document(sections=tuple(sections))
