"""The fixed words of feeds and pages in each language that ships, and a newsroom's own in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter

from msgspec.structs import replace

from feed import text
from feed.errors import Invalid
from feed.words import Words

WORD_CHARACTERS = 200
# The words that are patterns of CLDR, and how often each letter may stand in one after itself.
_PATTERNS = frozenset({"date_year", "date_month", "date_day", "month_of_year", "day_of_year", "day_of_month"})
_LONGEST = {"y": 4, "M": 5, "L": 5, "d": 2}

ENGLISH = Words(
    # CLDR's own long form of "en" is American, month first.
    date_year="y",
    date_month="MMMM y",
    date_day="d MMMM y",
    month_of_year="MMMM",
    day_of_year="d MMMM",
    day_of_month="d",
    moment="{date}, {time} {zone}",
    perhaps="perhaps",
    about="about",
    single="{perhaps}{about}{date}",
    interval="{start} to {end}",
    before_year="{perhaps}in or before {about}{date}",
    before_month="{perhaps}in or before {about}{date}",
    before_day="{perhaps}on or before {about}{date}",
    before_second="{perhaps}at or before {about}{date}",
    after_year="{perhaps}in or after {about}{date}",
    after_month="{perhaps}in or after {about}{date}",
    after_day="{perhaps}on or after {about}{date}",
    after_second="{perhaps}at or after {about}{date}",
    until_year="{perhaps}until {about}{date}",
    until_month="{perhaps}until {about}{date}",
    until_day="{perhaps}until {about}{date}",
    until_second="{perhaps}until {about}{date}",
    since_year="{perhaps}since {about}{date}",
    since_month="{perhaps}since {about}{date}",
    since_day="{perhaps}since {about}{date}",
    since_second="{perhaps}since {about}{date}",
    one_of="on a day between {start} and {end}",
    between_year="{date}",
    between_month="{date}",
    between_day="{date}",
    labelled="{label}: {text}",
    quoted="“{text}”",
    correction="Correction",
    clarification="Clarification",
    addition="Added",
    withdrawal="Withdrawn",
    note="Editor’s note",
    ended="Coverage ended",
    resumed="Coverage resumed",
    update_of="update of {time}",
    story_of="story of {time}",
    coverage_ended="This ends our coverage.",
    coverage_ended_of="Our coverage of “{headline}” has ended.",
    coverage_resumed_of="We have resumed our coverage of “{headline}”.",
    said="It said",
    now_says="It now says",
    nothing="nothing",
    no_longer_shown="The earlier words are no longer shown.",
    yes="yes",
    more="More",
    read_on="Read the rest",
    corrections="Corrections",
    key_updates="Key updates",
    topic_feed="{site}: {topic}",
    status_open="Developing",
    status_closed="Coverage has ended",
    status_withdrawn="Withdrawn",
    claim_disputed="disputed",
    claim_confirmed="confirmed by {parties}",
    claim_unconfirmed="unconfirmed",
    claim_denied="denied",
    claim_retracted="retracted",
    position_asserts="{party} asserts",
    position_confirms="{party} confirms",
    position_denies="{party} denies",
    position_declines="{party} declines to comment",
    position_retracts="{party} retracts",
    field_headline="Headline",
    field_summary="Summary",
    field_body="Text",
    field_occurred="When",
    field_occurred_text="When, as told",
    field_sources="Sources",
    field_stances="Claims",
    field_key="Key update",
    field_tags="Topics",
    field_link="Link",
    relation_continues="Continues",
    relation_part_of="Part of",
    relation_related="Related",
    skip="Skip to the content",
    stories="All stories",
    open_stories="Developing stories",
    closed_stories="Coverage ended lately",
    news="What is new",
    nothing_yet="Nothing has been published yet.",
    nothing_corrected="Nothing had to be corrected so far.",
    part_of="{title} (part {number})",
    older="Older",
    newer="Newer",
    newest="To the newest",
    subscribe="Subscribe",
    subscribe_how="Give one of these addresses to a feed reader, and it shows whatever becomes known, corrections too.",
    reading_lists="Lists for a feed reader (OPML)",
    reading_list="The three feeds",
    reading_list_open="All developing stories",
    copy="Copy",
    copied="Copied",
    copied_not="Select the address and copy it by hand",
    closed_since="Coverage ended {time}",
    known="What we know",
    claim="Claim",
    claim_status_heading="Status",
    parties="Who says what",
    timeline="Timeline",
    oldest_first="Oldest first",
    newest_first="Newest first",
    older_anchors="Older updates, one by one",
    from_day="From {date}",
    picture_title="When it happened and when it was published",
    picture_description=(
        "Updates published from {start} to {end}: {updates}, key updates: {key}, corrected: {corrected}, "
        "withdrawn: {withdrawn}"
    ),
    picture_happened="happened",
    picture_published="published",
    picture_hollow="published; exact time unknown",
    picture_period="happened within this period",
    picture_open="beginning or end unknown",
    picture_vague="date uncertain or approximate",
    picture_corrected="Corrected",
    then="What did we know when?",
    then_now="This is how things stand now.",
    then_at="This is what readers knew at {time}.",
    then_withdrawn="What has been withdrawn since stays withdrawn.",
    then_moment="Moment",
    then_earlier="Earlier",
    then_later="Later",
    then_back="Back to now",
    then_script="With JavaScript you can go back to any moment of this story.",
    new_one="1 new update",
    new_many="{count} new updates",
    show="Show",
    changes="What was changed",
)

GERMAN = Words(
    date_year="y",
    date_month="MMMM y",
    date_day="d. MMMM y",
    month_of_year="MMMM",
    day_of_year="d. MMMM",
    day_of_month="d.",
    moment="{date}, {time} Uhr {zone}",
    perhaps="vielleicht",
    about="etwa",
    single="{perhaps}{about}{date}",
    interval="{start} bis {end}",
    before_year="{perhaps}{about}im Jahr {date} oder davor",
    before_month="{perhaps}{about}im {date} oder davor",
    before_day="{perhaps}{about}am {date} oder davor",
    before_second="{perhaps}{about}am {date}, oder davor",
    after_year="{perhaps}{about}im Jahr {date} oder danach",
    after_month="{perhaps}{about}im {date} oder danach",
    after_day="{perhaps}{about}am {date} oder danach",
    after_second="{perhaps}{about}am {date}, oder danach",
    until_year="{perhaps}{about}bis {date}",
    until_month="{perhaps}{about}bis {date}",
    until_day="{perhaps}{about}bis zum {date}",
    until_second="{perhaps}{about}bis zum {date}",
    since_year="{perhaps}{about}seit {date}",
    since_month="{perhaps}{about}seit {date}",
    since_day="{perhaps}{about}seit dem {date}",
    since_second="{perhaps}{about}seit dem {date}",
    one_of="an einem Tag zwischen {start} und {end}",
    between_year="{date}",
    between_month="{date}",
    between_day="dem {date}",
    labelled="{label}: {text}",
    quoted="„{text}“",
    correction="Korrektur",
    clarification="Klarstellung",
    addition="Ergänzung",
    withdrawal="Zurückgezogen",
    note="Anmerkung der Redaktion",
    ended="Berichterstattung beendet",
    resumed="Berichterstattung wieder aufgenommen",
    update_of="Meldung vom {time}",
    story_of="Berichterstattung vom {time}",
    coverage_ended="Damit endet unsere Berichterstattung.",
    coverage_ended_of="Unsere Berichterstattung zu „{headline}“ ist beendet.",
    coverage_resumed_of="Wir haben unsere Berichterstattung zu „{headline}“ wieder aufgenommen.",
    said="Zuvor hieß es",
    now_says="Jetzt heißt es",
    nothing="keine Angabe",
    no_longer_shown="Der frühere Wortlaut wird nicht mehr gezeigt.",
    yes="ja",
    more="Mehr dazu",
    read_on="Weiterlesen",
    corrections="Korrekturen",
    key_updates="Das Wichtigste",
    topic_feed="{site}: {topic}",
    status_open="Laufende Berichterstattung",
    status_closed="Berichterstattung beendet",
    status_withdrawn="Zurückgezogen",
    claim_disputed="strittig",
    claim_confirmed="bestätigt ({parties})",
    claim_unconfirmed="unbestätigt",
    claim_denied="dementiert",
    claim_retracted="zurückgenommen",
    # A party may be one or many, of any gender, and need an article: participles suit them all.
    position_asserts="{party}: behauptet",
    position_confirms="{party}: bestätigt",
    position_denies="{party}: dementiert",
    position_declines="{party}: kein Kommentar",
    position_retracts="{party}: zurückgenommen",
    field_headline="Überschrift",
    field_summary="Zusammenfassung",
    field_body="Text",
    field_occurred="Wann",
    field_occurred_text="Zeitangabe im Wortlaut",
    field_sources="Quellen",
    field_stances="Aussagen",
    field_key="Wichtige Meldung",
    field_tags="Themen",
    field_link="Link",
    relation_continues="Fortsetzung von",
    relation_part_of="Teil von",
    relation_related="Siehe auch",
    skip="Zum Inhalt",
    stories="Alle Berichte",
    open_stories="Laufende Berichte",
    closed_stories="Zuletzt beendet",
    news="Was es Neues gibt",
    nothing_yet="Noch ist nichts veröffentlicht.",
    nothing_corrected="Bisher war nichts zu korrigieren.",
    part_of="{title} (Teil {number})",
    older="Älteres",
    newer="Neueres",
    newest="Zum Neuesten",
    subscribe="Abonnieren",
    subscribe_how="Wer eine dieser Adressen in einen Feedreader einträgt, erfährt alles Neue, auch Korrekturen.",
    reading_lists="Listen für einen Feedreader (OPML)",
    reading_list="Die drei Feeds",
    reading_list_open="Alle laufenden Berichte",
    copy="Kopieren",
    copied="Kopiert",
    copied_not="Bitte die Adresse markieren und von Hand kopieren",
    closed_since="Berichterstattung beendet: {time}",
    known="Was wir wissen",
    claim="Aussage",
    claim_status_heading="Stand",
    parties="Wer was sagt",
    timeline="Verlauf",
    oldest_first="Älteste zuerst",
    newest_first="Neueste zuerst",
    older_anchors="Ältere Meldungen, eine nach der anderen",
    from_day="Ab {date}",
    picture_title="Wann es geschah und wann es gemeldet wurde",
    picture_description=(
        "Meldungen, veröffentlicht vom {start} bis zum {end}: {updates}, davon wichtig: {key}, korrigiert: "
        "{corrected}, zurückgezogen: {withdrawn}"
    ),
    picture_happened="geschehen",
    picture_published="gemeldet",
    picture_hollow="gemeldet; genauer Zeitpunkt unbekannt",
    picture_period="in diesem Zeitraum geschehen",
    picture_open="Anfang oder Ende unbekannt",
    picture_vague="Zeitangabe unsicher oder ungefähr",
    picture_corrected="Korrigiert",
    then="Was wussten wir wann?",
    then_now="So ist der Stand jetzt.",
    then_at="Das war bekannt: {time}.",
    then_withdrawn="Was seither zurückgezogen wurde, bleibt zurückgezogen.",
    then_moment="Zeitpunkt",
    then_earlier="Früher",
    then_later="Später",
    then_back="Zurück zum jetzigen Stand",
    then_script="Mit JavaScript lässt sich jeder Zeitpunkt dieses Berichts ansehen.",
    new_one="1 neue Meldung",
    new_many="{count} neue Meldungen",
    show="Anzeigen",
    changes="Was geändert wurde",
)

_SHIPPED = {"en": ENGLISH, "de": GERMAN}


def words_for(language: str, tables: Mapping[str, Words]) -> tuple[Words, str]:
    """The words of a language, and the BCP 47 tag to write dates by: it is of the words' language.

    `tables`, by language in lower case, go before the shipped words. A language that neither they nor those have,
    by its whole tag or by its first part, gets English words and English dates.
    """
    known = _SHIPPED | dict(tables)
    for tag in (language.lower(), _primary(language)):
        if tag in known:
            return known[tag], language
    return known["en"], "en"


def reworded(field: str, language: str, given: Mapping[str, object]) -> Words:
    """The shipped words that are nearest to the language, with those given in their place.

    Raises `Invalid` naming `field` and the word.
    """
    base, _ = words_for(_primary(language), {})
    for name, word in given.items():
        _check(f"{field}.{name}", name, word, base)
    return replace(base, **given)


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


def _check(field: str, name: str, word: object, base: Words) -> None:
    if name not in Words.__struct_fields__:
        near = text.nearest(name, Words.__struct_fields__)
        hint = f"did you mean {near}?" if near else f"the words are {', '.join(Words.__struct_fields__)}"
        raise Invalid(field, f"there is no such word: {hint}")
    shipped: str = getattr(base, name)
    if not isinstance(word, str):
        raise Invalid(field, f'must be text in quotes, as in {name} = "{shipped}"')
    text.line(field, word, WORD_CHARACTERS)
    parts = _pattern_parts if name in _PATTERNS else _placeholders
    if parts(word) != parts(shipped):
        raise Invalid(field, f"{word!r} must have the same parts as {shipped!r}, and no others: write those")


def _placeholders(template: str) -> set[str] | None:
    """As written between the braces, None for a template that is none."""
    try:
        return {
            f"{name}{'!' if conversion else ''}{':' if spec else ''}"
            for _, name, spec, conversion in Formatter().parse(template)
            if name is not None
        }
    except ValueError:
        return None


def _pattern_parts(pattern: str) -> set[str] | None:
    """The letters of a date's pattern outside quotes, the two for months as one; None where it has too many."""
    runs = [match[0] for match in re.finditer(r"([A-Za-z])\1*", re.sub("'[^']*'", "", pattern))]
    if any(len(run) > _LONGEST.get(run[0], 0) for run in runs):
        return None
    return {run[0].replace("L", "M") for run in runs}
