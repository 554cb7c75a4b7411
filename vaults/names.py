"""Rules for the names that people choose.

A name must not look like an e-mail address or like the portal itself, and must be fully visible. It is only shown in addition
to the e-mail address, but may be read alone and quickly, so it must not suggest another person. Two rules exclude most of
such names: letters of one script only, and few other characters (Unicode Technical Standard 39: restriction to a single
script, with Latin allowed together with those of East Asia).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

#: Allowed besides letters, marks and digits: apostrophes and hyphens of several scripts, full stop, comma, middle dots.
SIGNS = frozenset(" .,'’‘-‐‑–·・׳״")
#: Scripts that one name may combine, also with Latin: none of their letters looks like a Latin one.
EAST_ASIAN = frozenset({"BOPOMOFO", "CJK", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA"})
#: First words of the Unicode names of letters and digits that occur in every script.
COMMON = frozenset({"COMBINING", "DIGIT", "FEMININE", "MASCULINE", "MODIFIER"})
#: Latin letters of phonetic alphabets. Letters used to write languages are in LOOK_ALIKES, or look like no other.
PHONETIC = re.compile(r"[\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f]|(?![ɓɔɖɗəɛɠɣɩɲʃʋʊʒ])[\u0250-\u02af]")

#: For a skeleton, in which l is i: Catalan has a middle dot between two of them.
AN_ADDRESS = re.compile(
    r"\w\w[.。]\w|[a-z0-9]{2}(?<!i)·[a-z0-9]|\bat\b.*([.。]\s*\w|\bdot\b|\b(com|dev|io|net|org|test)\b)"
)

#: Letters and digits that look like a Latin letter after NFKC and casefold. I, l and 1 are one class.
LOOK_ALIKES = {
    "a": "аɑαᴀ", "b": "ьвʙ", "c": "сϲᴄ", "d": "ԁᴅđ", "e": "еєɛ3ᴇɘ", "h": "һнʜ", "i": "іıιɩɪӏl1!|ʟłǀⵏ", "j": "јᴊ", "k": "кκᴋĸƙⱪ",
    "m": "мᴍ", "n": "ɴпո", "o": "оοσᴏ0օø", "p": "рρᴘ", "r": "гʀɍ", "s": "ѕꜱ5$", "t": "тτᴛ7ŧ", "u": "цυᴜս", "v": "ѵνᴠ",
    "w": "ԝωᴡш", "x": "хχ", "y": "уүʏγ", "z": "ᴢ",
}  # fmt: skip
TO_LATIN = str.maketrans({like: letter for letter, likes in LOOK_ALIKES.items() for like in likes})

#: Words that pages use for the portal, its parts and for no person, also in some other languages.
SYSTEM_WORDS = """
    admin administrator anonymous auditor automatic automation azure bot command console cron daemon emulator everybody
    helpdesk job jobs keyvault kvportal manager me member microsoft myself nobody owner portal process reader robot root scan
    scanner scheduled scheduler script security server service settlement setup somebody someone superuser support sys system
    unknown viewer worker workers writer you yourself
    administrador administrateur sistema systeme администратор портал сервер система системный"""
#: Words that do not turn one of these into a different name.
FILLER_WORDS = """
    a account an any background by deleted entra first for from in it itself kv line more no not of on signed such team
    the this user vault"""
#: Phrases that pages show next to or instead of a name.
PERSON_PHRASES = ("as of today", "deleted account", "no such account", "not signed in", "owner")
#: Phrases that pages show if no person acted.
NO_PERSON_PHRASES = ("the portal itself", "a command on the server", "somebody not signed in")
#: Roles as pages write them. Capitalised, some are family names.
A_ROLE = re.compile(r"\b(viewer|reader|writer|manager)\b")

#: Invisible characters besides the Unicode categories of UNSEEN: fillers and selectors.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159")
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
#: Scripts whose letters are all look-alikes where the rest of a page is Latin.
LATIN_CAPITALS = frozenset({"CHEROKEE", "LISU"})
#: Most marks on one letter. More of them overlap the lines above and below.
MOST_MARKS = 3


class UnfitName(Exception):
    """The name is not allowed; the text tells its author why."""


def fit(name: str) -> str:
    """The name without surrounding spaces; "" means no name. Raises UnfitName."""
    name = _fully_visible(name)
    if name and not any(sign.isalpha() for sign in name):
        raise UnfitName("A name has letters.")
    if "@" in _plain(name) or AN_ADDRESS.search(_skeleton_of_words(name)):
        raise UnfitName(
            "A name can't look like an e-mail address or a host: yours is shown next to it anyway. Put a space after a full stop."
        )
    if odd := {sign for sign in name if not _is_of_names(sign)}:
        raise UnfitName(
            f"A name has letters, digits, spaces and . , - ' only, not {' '.join(sorted(odd))}. "
            "Role and address are shown next to it."
        )
    if not _is_of_one_script(name):
        raise UnfitName("A name has letters of one script: those of another may look alike and suggest another person.")
    if _is_ours(name):
        raise UnfitName(
            "That is what the portal itself is called, or one of its parts or roles. Give a name of your own."
        )
    return name


def fit_for_object(name: str) -> str:
    """The name of a team's object, without surrounding spaces. Raises UnfitName.

    Pages show it in the place of people's names, so it must not look like one of them or like the portal itself.
    """
    name = _fully_visible(name)
    if not any(sign.isalnum() for sign in name):
        raise UnfitName("A name has a letter or a digit.")
    if "@" in _plain(name):
        raise UnfitName("A name can't hold an e-mail address: nothing but people has one here.")
    if any(unicodedata.category(sign) == "So" for sign in name) or NO_PERSON_PHRASE.search(_words_alone(name)):
        raise UnfitName("A name has no pictures, and can't read like what the portal says of itself.")
    return name


def _fully_visible(name: str) -> str:
    """The name without surrounding spaces, if all of it is visible, on one line. Raises UnfitName."""
    name = name.strip()
    if any(_is_unseen(sign) for sign in name):
        raise UnfitName(
            "A name must be on one line and fully visible: without line ends, hidden marks and special spaces."
        )
    if _most_marks(name) > MOST_MARKS:
        raise UnfitName("A name has no pile of marks on one letter.")
    return name


@lru_cache(maxsize=1000)
def is_fit(name: str) -> bool:
    """True if there is a name and pages may show it. Accounts and audit entries of earlier versions may have any name."""
    try:
        return bool(fit(name))
    except UnfitName:
        return False


def _is_unseen(sign: str) -> bool:
    selects = "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"
    return sign != " " and (unicodedata.category(sign) in UNSEEN or sign in INVISIBLE or selects)


def _is_of_names(sign: str) -> bool:
    return sign in SIGNS or unicodedata.category(sign)[0] in "LM" or unicodedata.category(sign) == "Nd"


def _is_of_one_script(name: str) -> bool:
    """True if its letters and digits are of one script that does not consist of look-alikes.

    The first word of a letter's Unicode name is its script.
    """
    plain = unicodedata.normalize("NFKC", name)
    first_words = {_first_word(sign) for sign in plain if sign.isalnum()} - COMMON
    if PHONETIC.search(plain) or first_words & LATIN_CAPITALS:
        return False
    return len(first_words - EAST_ASIAN) <= 1 and (first_words <= EAST_ASIAN | {"LATIN"} or len(first_words) == 1)


def _first_word(sign: str) -> str:
    return re.split("[ -]", unicodedata.name(sign, ""))[0]


def _most_marks(name: str) -> int:
    marked = groupby(unicodedata.normalize("NFD", name), lambda sign: unicodedata.category(sign) in ("Mn", "Me"))
    return max((len(list(signs)) for is_mark, signs in marked if is_mark), default=0)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _skeleton(text: str) -> str:
    """The text as it looks: without accents, in the Latin letters that it resembles."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return bare.translate(TO_LATIN).replace("rn", "m").replace("vv", "w")


def _skeleton_of_words(name: str) -> str:
    """The words as they look, with everything between them."""
    return re.sub(r"[^\W_]+", lambda word: _skeleton(word[0]), _plain(name)).replace("_", " ")


def _words_alone(name: str) -> str:
    """The words as they look, separated by single spaces."""
    return " ".join(re.findall(r"\w+", _skeleton_of_words(name)))


def _words(text: str) -> frozenset[str]:
    return frozenset(_skeleton(word) for word in text.split())


SYSTEM, FILLING = _words(SYSTEM_WORDS), _words(FILLER_WORDS)
PRODUCT = _skeleton("kvportal")
PERSON_PHRASE = re.compile(rf"\b({'|'.join(map(_skeleton, PERSON_PHRASES))})\b")
NO_PERSON_PHRASE = re.compile(rf"\b({'|'.join(map(_skeleton, NO_PERSON_PHRASES))})\b")
RUN_TOGETHER = re.compile(f"({_skeleton('the')})?({'|'.join(sorted(SYSTEM))})+")


def _is_ours(name: str) -> bool:
    """True if the name contains the product's name or a phrase of pages, or consists of the portal's own words.

    Also if these are spaced out, run together or numbered.
    """
    if A_ROLE.search(unicodedata.normalize("NFKC", name)) or PERSON_PHRASE.search(_skeleton_of_words(name)):
        return True
    words = re.findall(r"[^\W_]+|[$!|]+", _plain(name))
    numbered = [word.rstrip("0123456789") for word in words]
    return any(_are_ours([_skeleton(word) for word in each if word]) for each in (words, numbered))


def _are_ours(words: Sequence[str]) -> bool:
    joined = "".join(words)
    only_ours = not SYSTEM.isdisjoint(words) and SYSTEM.union(FILLING).issuperset(words)
    return PRODUCT in joined or only_ours or RUN_TOGETHER.fullmatch(joined) is not None
