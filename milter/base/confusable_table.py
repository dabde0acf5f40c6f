#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
#
# confusable_table - write confusable_table.c: what each character beyond ASCII reads as.
#
# From the Unicode Character Database (Debian's unicode-data, or the same files
# elsewhere) and UTS 39's confusables, for which ICU is asked through uspoof_getSkeleton.
# Run by hand when Unicode grows:
#     ./confusable_table.py /usr/share/unicode libicui18n.so.72 > confusable_table.c
import ctypes
import re
import sys
import unicodedata

folder, library = sys.argv[1], sys.argv[2]
LAST, BLOCK = 0x1FFFF, 64
KEEP, INVISIBLE, FOREIGN, FIRST_SEVERAL = 0, 1, 2, 3
LOOKALIKE = 0x80

# Scripts without spaces: their letters stand alone and are never read as Latin.
UNSPACED = """Han Hiragana Katakana Hangul Bopomofo Yi Thai Lao Khmer Myanmar Tibetan
 Javanese Balinese Tai_Tham New_Tai_Lue Tai_Viet Nushu Tangut""".split()
BY_HAND = {
    0xC6: "ae", 0xE6: "ae", 0x152: "oe", 0x153: "oe", 0xDF: "ss", 0x1E9E: "ss",
    0xD0: "d", 0xF0: "d", 0xDE: "th", 0xFE: "th", 0x14A: "n", 0x14B: "n", 0x131: "i",
    0x138: "k", 0x237: "j", 0x17F: "s", 0x192: "f", 0x2026: "...", 0x2800: " ",
    0x2028: " ", 0x2029: " ", 0xA0: " ", 0x2044: "/", 0x2215: "/", 0x2032: "'",
    0x2212: "-", 0x2122: None, 0x2120: None, 0xA8: None, 0xAF: None, 0xB4: "'",
    0xB8: None, 0x2BC: "'", 0x2B9: "'",
    0x4CF: ord("l") | LOOKALIKE,  # "аррӏе": fonts draw it as l, the skeleton says i
}
QUOTES = {"'": "‘’‚‛‹›", '"': "“”„‟«»"}
for plain, several in QUOTES.items():
    BY_HAND.update({ord(c): plain for c in several})


def ranges(name):
    for line in open(f"{folder}/{name}", encoding="utf-8"):
        found = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*(\w+)", line)
        if found:
            first = int(found[1], 16)
            yield range(first, int(found[2] or found[1], 16) + 1), found[3]


script = {cp: value for span, value in ranges("Scripts.txt") for cp in span}
ignorable = {cp for span, value in ranges("DerivedCoreProperties.txt")
             if value == "Default_Ignorable_Code_Point" for cp in span}
rows = [line.split(";") for line in open(f"{folder}/UnicodeData.txt", encoding="utf-8")]
name = {int(row[0], 16): row[1] for row in rows}
category = {int(row[0], 16): row[2] for row in rows}

icu = ctypes.CDLL(library)
suffix = re.search(r"\d+", library.split(".so.")[1])[0]
status = ctypes.c_int(0)
make = getattr(icu, f"uspoof_open_{suffix}")
make.restype = ctypes.c_void_p
ask = getattr(icu, f"uspoof_getSkeletonUTF8_{suffix}")
checker = ctypes.c_void_p(make(ctypes.byref(status)))


def skeleton(text):
    room, error = ctypes.create_string_buffer(256), ctypes.c_int(0)
    raw = text.encode()
    count = ask(checker, 0, raw, len(raw), room, 256, ctypes.byref(error))
    if error.value > 0:
        sys.exit(f"ICU cannot tell what {raw} looks like: {error.value}")
    return bare(room.raw[:count].decode())


def bare(text):
    return "".join(c for c in text if category.get(ord(c)) not in ("Mn", "Me"))


plain_of = {}
for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNOPQRSTUVWXYZ":
    plain_of.setdefault(skeleton(c), c.lower())


def by_name(cp):
    found = re.fullmatch(r"(?:LATIN (?:SMALL|CAPITAL) LETTER (?:SMALL CAPITAL )?|"
                         r"LATIN LETTER SMALL CAPITAL |MODIFIER LETTER (?:SMALL|CAPITAL) |"
                         r"(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER )"
                         r"([A-Z])(?: WITH .*)?", name.get(cp, ""))
    return found and found[1].lower()


def by_form(cp):
    text = bare(unicodedata.normalize("NFKD", chr(cp))).lower()
    if not text or not text.isascii() or text == " " != chr(cp) and category[cp] != "Zs":
        return None
    if re.fullmatch(r"\(([a-z])\)", text):
        return text[1]
    if len(text) > 1 and (category[cp][0] != "L" or len(text) > len(chr(cp).encode())):
        return None
    return text


def by_look(cp):
    seen = skeleton(chr(cp))
    if seen in plain_of:
        return "i" if seen == "l" and category[cp] == "Lu" else plain_of[seen]
    return by_name(ord(seen)) if len(seen) == 1 else None


def value_of(cp):
    kind = category.get(cp)
    if cp in BY_HAND:
        return BY_HAND[cp] or KEEP
    if cp in ignorable or kind == "Cf" and not 0x600 <= cp < 0x900:
        return INVISIBLE
    if kind is None or kind in ("Cs", "Co", "Cc"):
        return KEEP
    if script.get(cp) in UNSPACED and not 0xFF00 <= cp < 0xFF60:
        return KEEP
    if kind in ("Mn", "Me") and script.get(cp) in ("Inherited", "Cyrillic", "Common"):
        return INVISIBLE
    if kind in ("Zs", "Pd"):
        return " " if kind == "Zs" else "-"
    text = by_form(cp) or by_name(cp)
    if text is None and kind[0] == "L":
        text = by_look(cp)
    if script.get(cp) in ("Latin", "Common", "Inherited"):
        return text or KEEP
    if kind[0] not in "LM":
        return text or KEEP
    if text and len(text) == 1:
        return ord(text) | LOOKALIKE
    return FOREIGN if cp < 0x10000 else KEEP


several, blocks, index = [], [], []


def code(value):
    if isinstance(value, int):
        return value
    if len(value) == 1:
        return ord(value)
    if value not in several:
        several.append(value)
    return FIRST_SEVERAL + several.index(value)


codes = [0] * 128 + [code(value_of(cp)) for cp in range(0x80, LAST + 1)]
if FIRST_SEVERAL + len(several) > 32:
    sys.exit(f"{len(several)} forms of several letters are too many: {several}")
for at in range(0, LAST + 1, BLOCK):
    block = tuple(codes[at:at + BLOCK])
    if block not in blocks:
        blocks.append(block)
    index.append(blocks.index(block))
if len(blocks) > 256:
    sys.exit(f"{len(blocks)} blocks are too many")


def rows_of(values, each=20):
    return "\n".join("    " + " ".join(f"{v}," for v in values[i:i + each])
                     for i in range(0, len(values), each))


words = "\n".join(f'    "{word}",' for word in several)
body = "\n".join("    {\n" + rows_of(block).replace("    ", "        ") + "\n    },"
                 for block in blocks)
print(f"""/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each character beyond ASCII reads as. Written by confusable_table.py; do not edit.
 * Source: Unicode Character Database 15.0; UTS 39, confusables.txt (as ICU has it).
 */
/* clang-format off */
#include "base/confusable_table.h"

const char *const confusable_several[] = {{
{words}
}};

const unsigned char confusable_index[CONFUSABLE_BLOCKS] = {{
{rows_of(index)}
}};

const unsigned char confusable_block[][CONFUSABLE_BLOCK] = {{
{body}
}};""")
