"""What a person may be called: nothing that could be read as an e-mail address or as the portal itself, and nothing unseen.

A name only decorates the e-mail address beside it. It may be read alone and in a hurry, so it must not say somebody else. Most
of what could is left out by two rules that names keep anyway: letters of one script, and few other signs
(Unicode Technical Standard 39 calls it restriction to a single script, with Latin beside those of East Asia).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

#: Beside letters, marks and digits: apostrophes and hyphens of several scripts, full stop, comma, middle dots.
SIGNS = frozenset(" .,'’‘-‐‑–·・׳״")
#: Scripts that one name may have together, and with Latin: no letter of theirs looks like a Latin one.
EAST_ASIAN = frozenset({"BOPOMOFO", "CJK", "HANGUL", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA"})
#: First words of the names of letters and digits that stand in every script.
COMMON = frozenset({"COMBINING", "DIGIT", "FEMININE", "MASCULINE", "MODIFIER"})
#: Latin letters of phonetic alphabets. Those that people write their languages with are among LOOK_ALIKES, or like nothing.
PHONETIC = re.compile(r"[\u1d00-\u1dbf\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab6f]|(?![ɓɔɖɗəɛɠɣɩɲʃʋʊʒ])[\u0250-\u02af]")

#: In a skeleton, where l is i: Catalan has a middle dot between two of them.
AN_ADDRESS = re.compile(
    r"\w\w[.。]\w|[a-z0-9]{2}(?<!i)·[a-z0-9]|\bat\b.*([.。]\s*\w|\bdot\b|\b(com|dev|io|net|org|test)\b)"
)

#: Letters and digits that look like a Latin letter, once NFKC and casefold have done theirs. I, l and 1 are one class.
LOOK_ALIKES = {
    "a": "аɑαᴀ", "b": "ьвʙ", "c": "сϲᴄ", "d": "ԁᴅđ", "e": "еєɛ3ᴇɘ", "h": "һнʜ", "i": "іıιɩɪӏl1!|ʟłǀⵏ", "j": "јᴊ", "k": "кκᴋĸƙⱪ",
    "m": "мᴍ", "n": "ɴпո", "o": "оοσᴏ0օø", "p": "рρᴘ", "r": "гʀɍ", "s": "ѕꜱ5$", "t": "тτᴛ7ŧ", "u": "цυᴜս", "v": "ѵνᴠ",
    "w": "ԝωᴡш", "x": "хχ", "y": "уүʏγ", "z": "ᴢ",
}  # fmt: skip
TO_LATIN = str.maketrans({like: letter for letter, likes in LOOK_ALIKES.items() for like in likes})

#: What pages call the portal, its parts and those that are nobody, also in some other languages.
OURS = """admin administrator anonymous auditor automatic automation azure bot command console cron daemon emulator everybody
    helpdesk job jobs keyvault kvportal manager me member microsoft myself nobody owner portal process reader robot root scan
    scanner scheduled scheduler script security server service settlement setup somebody someone superuser support sys system
    unknown viewer worker workers writer you yourself
    administrador administrateur sistema systeme администратор портал сервер система системный"""
#: Words that make no other name of one of those.
BESIDE = """a account an any background by deleted entra first for from in it itself kv line more no not of on signed such team
    the this user vault"""
#: What pages say beside or in place of a name.
SAID_OF_SOMEBODY = ("as of today", "deleted account", "no such account", "not signed in", "owner")
#: What pages say in place of a person where there was none.
IN_PLACE_OF_SOMEBODY = ("the portal itself", "a command on the server", "somebody not signed in")
#: Roles as pages write them. With a capital some are family names.
A_ROLE = re.compile(r"\b(viewer|reader|writer|manager)\b")

#: Unseen beside what Unicode calls control, format, private, unassigned or separating: fillers and selectors.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159")
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
#: Scripts that are nothing but look-alikes where the rest of a page is Latin.
LATIN_CAPITALS = frozenset({"CHEROKEE", "LISU"})
#: Marks on one letter. More of them reach into the lines above and below.
MOST_MARKS = 3


class UnfitName(Exception):
    """Its text says why, to the person who chose the name."""


def fit(name: str) -> str:
    """The name without blanks around it; "" is none. Raises UnfitName."""
    name = _seen_in_full(name)
    if name and not any(sign.isalpha() for sign in name):
        raise UnfitName("A name has letters.")
    if "@" in _plain(name) or AN_ADDRESS.search(_skeleton_of_words(name)):
        raise UnfitName(
            "A name can't look like an e-mail address or a host: yours stands beside it anyway. Put a blank behind a full stop."
        )
    if odd := {sign for sign in name if not _is_of_names(sign)}:
        raise UnfitName(
            f"A name has letters, digits, blanks and . , - ' only, not {' '.join(sorted(odd))}. Role and address stand beside it."
        )
    if not _is_of_one_script(name):
        raise UnfitName("A name has letters of one script: those of another may look alike and say somebody else.")
    if _is_ours(name):
        raise UnfitName(
            "That is what the portal itself is called, or one of its parts or roles. Give a name of your own."
        )
    return name


def fit_for_object(name: str) -> str:
    """The name of something that a team keeps, without blanks around it. It stands where people stand, so it must not read like
    one of them or like the portal itself. Raises UnfitName.
    """
    name = _seen_in_full(name)
    if not any(sign.isalnum() for sign in name):
        raise UnfitName("A name has a letter or a digit.")
    if "@" in _plain(name):
        raise UnfitName("A name can't hold an e-mail address: nothing but people has one here.")
    if any(unicodedata.category(sign) == "So" for sign in name) or SAID_OF_NOBODY.search(_words_alone(name)):
        raise UnfitName("A name has no pictures, and can't read like what the portal says of itself.")
    return name


def _seen_in_full(name: str) -> str:
    """The name without blanks around it, if all of it is seen, on one line. Raises UnfitName."""
    name = name.strip()
    if any(_is_unseen(sign) for sign in name):
        raise UnfitName(
            "A name stands on one line and is seen in full: without line ends, hidden marks and special blanks."
        )
    if _most_marks(name) > MOST_MARKS:
        raise UnfitName("A name has no pile of marks on one letter.")
    return name


@lru_cache(maxsize=1000)
def is_fit(name: str) -> bool:
    """Is there a name, and may pages show it? Accounts and audit entries of earlier versions may have any."""
    try:
        return bool(fit(name))
    except UnfitName:
        return False


def _is_unseen(sign: str) -> bool:
    selects = "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"
    return sign != " " and (unicodedata.category(sign) in UNSEEN or sign in BLANKS or selects)


def _is_of_names(sign: str) -> bool:
    return sign in SIGNS or unicodedata.category(sign)[0] in "LM" or unicodedata.category(sign) == "Nd"


def _is_of_one_script(name: str) -> bool:
    """Are its letters and digits of one script, and of none that is nothing but look-alikes? By the Unicode names of letters,
    whose first word is their script.
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
    """As the eye takes it: without accents, in the Latin letters that it looks like."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return bare.translate(TO_LATIN).replace("rn", "m").replace("vv", "w")


def _skeleton_of_words(name: str) -> str:
    """The words as the eye takes them, with all that stands between them."""
    return re.sub(r"[^\W_]+", lambda word: _skeleton(word[0]), _plain(name)).replace("_", " ")


def _words_alone(name: str) -> str:
    """The same, and nothing between them but blanks."""
    return " ".join(re.findall(r"\w+", _skeleton_of_words(name)))


def _words(text: str) -> frozenset[str]:
    return frozenset(_skeleton(word) for word in text.split())


SYSTEM, FILLING = _words(OURS), _words(BESIDE)
PRODUCT = _skeleton("kvportal")
SAID = re.compile(rf"\b({'|'.join(map(_skeleton, SAID_OF_SOMEBODY))})\b")
SAID_OF_NOBODY = re.compile(rf"\b({'|'.join(map(_skeleton, IN_PLACE_OF_SOMEBODY))})\b")
RUN_TOGETHER = re.compile(f"({_skeleton('the')})?({'|'.join(sorted(SYSTEM))})+")


def _is_ours(name: str) -> bool:
    """The product's name within it, what pages say of somebody, or nothing but our words: spaced out, run together, numbered."""
    if A_ROLE.search(unicodedata.normalize("NFKC", name)) or SAID.search(_skeleton_of_words(name)):
        return True
    words = re.findall(r"[^\W_]+|[$!|]+", _plain(name))
    numbered = [word.rstrip("0123456789") for word in words]
    return any(_are_ours([_skeleton(word) for word in each if word]) for each in (words, numbered))


def _are_ours(words: Sequence[str]) -> bool:
    joined = "".join(words)
    only_ours = not SYSTEM.isdisjoint(words) and SYSTEM.union(FILLING).issuperset(words)
    return PRODUCT in joined or only_ours or RUN_TOGETHER.fullmatch(joined) is not None
