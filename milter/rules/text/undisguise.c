/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/text/undisguise.h"

#include <stdbool.h>
#include <string.h>

#include "base/confusable.h"

/* Chosen: initials and "e-mail" have fewer pieces, "mp3" and "b2b" fewer letters. */
enum { PIECES_MIN = 4, PIECE_LETTERS = 2, WORD_LETTERS = 3, DIGITS_MAX = 2 };

/* ---- characters ---- */

/* The word under way. */
struct word {
    size_t from, out; /* where it begins in the text and in what is written */
    bool is_open, has_latin, has_foreign;
};

struct reader {
    struct span text;
    char *out;
    size_t len;
    struct word word;
};

/* A word of another script is what it was. */
static void end_word(struct reader *r, size_t end)
{
    const struct word *w = &r->word;

    if (w->is_open && w->has_foreign && !w->has_latin) {
        memcpy(r->out + w->out, r->text.at + w->from, end - w->from);
        r->len = w->out + (end - w->from);
    }
    r->word = (struct word){0};
}

static void begin_word(struct reader *r, size_t from)
{
    if (r->word.is_open)
        return;
    r->word = (struct word){.from = from, .out = r->len, .is_open = true};
}

static void put(struct reader *r, const char *text)
{
    while (*text != '\0')
        r->out[r->len++] = *text++;
}

/* Plain text that a character at from stands for. */
static void put_plain(struct reader *r, const char *text, size_t from)
{
    if (ascii_is_alpha(text[0])) {
        begin_word(r, from);
        r->word.has_latin = true;
    } else if (!ascii_is_digit(text[0]))
        end_word(r, from);
    put(r, text);
}

/* The character beyond ASCII at *i. */
static void read_wide(struct reader *r, size_t *i)
{
    size_t from = *i;
    const char *text;

    switch (confusable_read(utf8_next(r->text, i), &text)) {
    case CONFUSABLE_INVISIBLE:
        begin_word(r, from); /* or what is left out could not come back */
        return;
    case CONFUSABLE_PLAIN:
        put_plain(r, text, from);
        return;
    case CONFUSABLE_LOOKALIKE:
        begin_word(r, from);
        put(r, text);
        return;
    case CONFUSABLE_FOREIGN:
        begin_word(r, from);
        r->word.has_foreign = true;
        break;
    case CONFUSABLE_UNKNOWN:
        end_word(r, from);
    }
    memcpy(r->out + r->len, r->text.at + from, *i - from);
    r->len += *i - from;
}

static void read_ascii(struct reader *r, size_t at)
{
    char c = r->text.at[at];

    if (ascii_is_alpha(c)) {
        begin_word(r, at);
        r->word.has_latin = true;
    } else if (r->word.is_open && !ascii_is_digit(c))
        end_word(r, at);
    r->out[r->len++] = ascii_lower(c);
}

static size_t read_characters(struct span text, char *out)
{
    struct reader r = {.text = text, .out = out};

    for (size_t i = 0; i < text.len;) {
        if ((unsigned char)text.at[i] < 0x80)
            read_ascii(&r, i++);
        else
            read_wide(&r, &i);
    }
    end_word(&r, text.len);
    return r.len;
}

/* ---- words ---- */

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word_char(char c)
{
    return is_small(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

static bool is_separator(char c)
{
    return c != '\0' && strchr(" .-_*+~'`/|,:^=", c) != NULL;
}

static size_t word_end(struct span text, size_t at)
{
    while (at < text.len && is_word_char(text.at[at]))
        at++;
    return at;
}

/* Letters of the piece at at: 0 unless it is a word of at most max letters alone. */
static size_t piece_letters(struct span text, size_t at, size_t max)
{
    size_t end = at;

    while (end < text.len && is_small(text.at[end]) && end - at <= max)
        end++;
    if (end - at > max || (end < text.len && is_word_char(text.at[end])))
        return 0;
    return end - at;
}

/* Where the pieces of one word that begin at at end; at if they are none. */
static size_t pieces_end(struct span text, size_t at)
{
    size_t letters = piece_letters(text, at, PIECE_LETTERS), count = 1;
    size_t end = at + letters, max;
    char sign;

    if (letters == 0 || end >= text.len || !is_separator(text.at[end]))
        return at;
    sign = text.at[end];
    max = sign == ' ' ? 1 : PIECE_LETTERS;
    if (letters > max)
        return at;
    while (end < text.len && text.at[end] == sign &&
           (letters = piece_letters(text, end + 1, max)) > 0) {
        end += 1 + letters;
        count++;
    }
    return count >= PIECES_MIN ? end : at;
}

/* The letter that a digit or '$' stands for. */
static char letter_of(char c)
{
    static const char letters[] = "oi.eas.tb.";

    if (c == '$')
        return 's';
    return ascii_is_digit(c) ? letters[c - '0'] : '.';
}

static size_t count_letters(struct span word)
{
    size_t count = 0;

    for (size_t i = 0; i < word.len; i++)
        count += is_small(word.at[i]);
    return count;
}

/* At at, behind a letter: how many characters stand for letters before the next. */
static size_t disguised(struct span text, size_t at)
{
    size_t len = 0;

    while (at + len < text.len && len <= DIGITS_MAX &&
           letter_of(text.at[at + len]) != '.')
        len++;
    return len <= DIGITS_MAX && at + len < text.len && is_small(text.at[at + len]) ? len
                                                                                   : 0;
}

/* A word from at, with '$' inside it. */
static size_t long_word_end(struct span text, size_t at)
{
    size_t end = word_end(text, at);

    while (end > at && end + 1 < text.len && text.at[end] == '$' &&
           is_small(text.at[end - 1]) && is_small(text.at[end + 1]))
        end = word_end(text, end + 1);
    return end;
}

/* Are digits between its letters some of them? */
static bool is_disguised(struct span word)
{
    size_t letters = count_letters(word);

    if (letters < WORD_LETTERS || letters == word.len)
        return false;
    for (size_t i = 1; i < word.len; i++)
        if (is_small(word.at[i - 1]) && disguised(word, i) > 0)
            return true;
    return false;
}

/* "c0stc0": then those at its ends are, too. Returns how many characters. */
static size_t put_word(struct span word, char *out)
{
    memcpy(out, word.at, word.len);
    if (!is_disguised(word))
        return word.len;
    for (size_t i = 0; i < word.len; i++)
        if (letter_of(word.at[i]) != '.')
            out[i] = letter_of(word.at[i]);
    return word.len;
}

/* Letters of a word of at most PIECE_LETTERS letters alone may be one piece of more. */
static bool may_be_piece(struct span text, size_t at, size_t end)
{
    return end - at <= PIECE_LETTERS && end < text.len && is_separator(text.at[end]) &&
           (at == 0 || !is_word_char(text.at[at - 1]));
}

/* What is no word, from at. */
static size_t gap_end(struct span text, size_t at)
{
    while (at < text.len && !is_word_char(text.at[at]))
        at++;
    return at;
}

/* From a word that begins at *i: what is written of it. Most words are plain. */
static size_t read_word(struct span text, size_t *i, char *out)
{
    size_t at = *i, end = word_end(text, at), len = 0;

    if (may_be_piece(text, at, end) && (*i = pieces_end(text, at)) > at) {
        for (; at < *i; at++)
            if (is_small(text.at[at]))
                out[len++] = text.at[at];
        return len;
    }
    if (end < text.len && text.at[end] == '$')
        end = long_word_end(text, at);
    *i = end;
    return put_word((struct span){text.at + at, end - at}, out);
}

static size_t read_words(struct span text, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len;) {
        size_t end = gap_end(text, i);
        memcpy(out + len, text.at + i, end - i);
        len += end - i;
        i = end;
        if (i < text.len)
            len += read_word(text, &i, out + len);
    }
    return len;
}

static bool is_ascii(struct span text)
{
    unsigned char bits = 0;

    for (size_t i = 0; i < text.len; i++)
        bits |= (unsigned char)text.at[i];
    return bits < 0x80;
}

static struct span characters(struct arena *arena, struct span text)
{
    char *out;

    if (is_ascii(text))
        return span_lower(arena, text);
    out = arena_alloc(arena, text.len + 1);
    return (struct span){out, out != NULL ? read_characters(text, out) : 0};
}

struct span undisguise(struct arena *arena, struct span text)
{
    struct span plain = characters(arena, text);
    char *out = arena_alloc(arena, plain.len + 1);

    if (plain.at == NULL || out == NULL)
        return (struct span){"", 0};
    return (struct span){out, read_words(plain, out)};
}
