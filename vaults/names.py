"""What a person may be called: nothing that could be read as an e-mail address or as the portal itself, and nothing unseen.

A name only decorates the e-mail address beside it. It may be read alone and in a hurry, so it must not say somebody else.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

#: Signs that look like @ and that NFKC makes letters of.
CIRCLED = str.maketrans(dict.fromkeys("ⓐⒶ⒜🄐🄰🅐🅰", "@"))
AN_ADDRESS = re.compile(r"@|\bat\b.*([.。]\s*\w|\bdot\b)")


#: Letters and digits that look like a Latin letter, once NFKC and casefold have done theirs. I, l and 1 are one class.
LOOK_ALIKES = {
    "a": "аɑαᴀ", "b": "ьвʙ", "c": "сϲᴄ", "d": "ԁᴅđ", "e": "еєɛ3ᴇɘ", "h": "һнʜ", "i": "іıιɩɪӏl1!|ʟłǀⵏ", "j": "јᴊ", "k": "кκᴋĸƙⱪ",
    "m": "мᴍ", "n": "ɴпո", "o": "оοσᴏ0օø", "p": "рρᴘ", "r": "гʀɍ", "s": "ѕꜱ5$", "t": "тτᴛ7ŧ", "u": "цυᴜս", "v": "ѵνᴠ",
    "w": "ԝωᴡш", "x": "хχ", "y": "уүʏγ", "z": "ᴢ",
}  # fmt: skip
TO_LATIN = str.maketrans({like: letter for letter, likes in LOOK_ALIKES.items() for like in likes})

#: What pages call the portal, its parts and those that are nobody.
OURS = """admin administrator anonymous azure bot command console cron daemon emulator everybody job jobs keyvault kvportal
    manager member microsoft nobody owner portal process reader robot root scan scanner scheduler script server service
    settlement setup somebody superuser sys system unknown viewer worker workers writer"""
#: Words that make no other name of one of those.
BESIDE = """a account an automatic background by deleted entra first for from in itself kv line not of on signed team the this
    user vault"""

#: Unseen beside what Unicode calls control, format, private, unassigned or separating: fillers and selectors.
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U0001d159")
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
#: Scripts that are nothing but look-alikes where the rest of a page is Latin.
LATIN_CAPITALS = ("CHEROKEE", "LISU")
#: Marks on one letter. More of them reach into the lines above and below.
MOST_MARKS = 3


class UnfitName(Exception):
    """Its text says why, to the person who chose the name."""


def fit(name: str) -> str:
    """The name without blanks around it; "" is none. Raises UnfitName."""
    name = name.strip()
    if any(_is_unseen(sign) for sign in name):
        raise UnfitName(
            "A name stands on one line and is seen in full: without line ends, hidden marks and special blanks."
        )
    if name and (not any(sign.isalpha() for sign in name) or _most_marks(name) > MOST_MARKS):
        raise UnfitName("A name has letters, and no pile of marks on one of them.")
    if any(unicodedata.name(sign, "").startswith(LATIN_CAPITALS) for sign in name):
        raise UnfitName("A name can't have letters whose capitals look like Latin ones: Cherokee, Lisu.")
    if AN_ADDRESS.search(_plain(name.translate(CIRCLED))):
        raise UnfitName("A name can't look like an e-mail address. Yours stands beside it anyway.")
    if _is_ours(name):
        raise UnfitName(
            "That is what the portal itself is called, or one of its parts or roles. Give a name of your own."
        )
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


def _most_marks(name: str) -> int:
    marked = groupby(unicodedata.normalize("NFD", name), lambda sign: unicodedata.category(sign) in ("Mn", "Me"))
    return max((len(list(signs)) for is_mark, signs in marked if is_mark), default=0)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _skeleton(text: str) -> str:
    """As the eye takes it: without accents, in the Latin letters that it looks like."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return bare.translate(TO_LATIN).replace("rn", "m").replace("vv", "w")


def _words(text: str) -> frozenset[str]:
    return frozenset(_skeleton(word) for word in text.split())


SYSTEM, FILLING = _words(OURS), _words(BESIDE)
PRODUCT = _skeleton("kvportal")
RUN_TOGETHER = re.compile(f"({_skeleton('the')})?({'|'.join(sorted(SYSTEM))})+")


def _is_ours(name: str) -> bool:
    """The product's name within it, or nothing but our words: spaced out, run together, numbered."""
    words = re.findall(r"[^\W_]+|[$!|]+", _plain(name))
    numbered = [word.rstrip("0123456789") for word in words]
    return any(_are_ours([_skeleton(word) for word in each if word]) for each in (words, numbered))


def _are_ours(words: Sequence[str]) -> bool:
    joined = "".join(words)
    only_ours = not SYSTEM.isdisjoint(words) and SYSTEM.union(FILLING).issuperset(words)
    return PRODUCT in joined or only_ours or RUN_TOGETHER.fullmatch(joined) is not None
