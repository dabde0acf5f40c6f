/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_font.h"

#include <string.h>

#include "message/html_style.h"

enum { USUAL_SIZE = 3, FONT_CLEAR = -2 };

void html_fonts_init(struct html_fonts *fonts)
{
    fonts->depth = 1;
    memset(fonts->open_count, 0, sizeof fonts->open_count);
    fonts->open[0] =
        (struct html_font){TAG_UNKNOWN, 0x000000, 0xffffff, USUAL_SIZE, false};
    fonts->base = fonts->max_size = fonts->min_size = USUAL_SIZE;
    fonts->has_low_contrast = fonts->has_bad_colour = false;
}

/* ---- colours ---- */

/* "#" and what there is of hexadecimal digits, made three or six of them. */
static int32_t hex_colour(struct span s)
{
    int digits[6], count = 0;

    for (size_t i = 0; i < s.len && count < 6; i++)
        if (ascii_hex(s.at[i]) >= 0)
            digits[count++] = ascii_hex(s.at[i]);
    if (count == 0)
        return FONT_BAD;
    if (count == 4 || count == 5)
        count = 3;
    while (count % 3 != 0)
        digits[count++] = 0;
    if (count == 3)
        return (digits[0] * 17) << 16 | (digits[1] * 17) << 8 | digits[2] * 17;
    return (digits[0] * 16 + digits[1]) << 16 | (digits[2] * 16 + digits[3]) << 8 |
           (digits[4] * 16 + digits[5]);
}

/* The first three numbers, cut at 255. */
static int32_t rgb_colour(struct span s)
{
    long values[3] = {0}, *value = values;

    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == ',' && ++value == values + 3)
            break;
        if (ascii_is_digit(s.at[i]) && *value < 10000)
            *value = *value * 10 + (s.at[i] - '0');
    }
    for (int i = 0; i < 3; i++)
        if (values[i] > 255)
            values[i] = 255;
    return (int32_t)(values[0] << 16 | values[1] << 8 | values[2]);
}

/* A name; hexadecimal digits without # are none. */
static bool is_word(struct span s)
{
    bool has_other = false;

    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_alpha(s.at[i]))
            return false;
        has_other |= ascii_hex(s.at[i]) < 0;
    }
    return has_other;
}

static int32_t colour_of(struct span s)
{
    int32_t colour;

    s = span_trim(s);
    if (is_word(s))
        return html_style_colour(s, &colour) && colour >= 0 ? colour : FONT_BAD;
    if (span_istarts(s, SPAN("rgb(")))
        return rgb_colour(s);
    for (size_t i = 1; i < s.len; i++)
        if (ascii_hex(s.at[i]) < 0 && s.at[i] != '#')
            return FONT_BAD;
    return span_starts(s, SPAN("#")) ? hex_colour(s) : FONT_BAD;
}

/* ---- style= ---- */

static struct span without_important(struct span value)
{
    ptrdiff_t at = span_rindex(value, '!');

    if (at >= 0 &&
        span_ieq(span_trim(span_from(value, (size_t)at + 1)), SPAN("important")))
        value.len = (size_t)at;
    return span_trim(value);
}

static void set_style_colour(struct span value, int32_t *colour)
{
    value = without_important(value);
    if (span_ifind(value, SPAN("rgb")) >= 0)
        *colour = rgb_colour(value);
    else if (span_ieq(value, SPAN("transparent")))
        *colour = FONT_CLEAR;
    else if (!span_ieq(value, SPAN("inherit")))
        *colour = colour_of(value);
}

/* background: of the last layer the first word that is a colour. */
static void set_background(struct span value, int32_t *ground)
{
    size_t from = 0, depth = 0;

    for (size_t i = 0; i < value.len; i++) {
        depth += value.at[i] == '(';
        depth -= value.at[i] == ')' && depth > 0;
        if (value.at[i] == ',' && depth == 0)
            from = i + 1;
    }
    for (size_t i = from; i < value.len;) {
        size_t end = i;
        for (depth = 0; end < value.len && (value.at[end] != ' ' || depth > 0); end++) {
            depth += value.at[end] == '(';
            depth -= value.at[end] == ')' && depth > 0;
        }
        int32_t colour = colour_of((struct span){value.at + i, end - i});
        if (end > i && colour != FONT_BAD) {
            *ground = colour;
            return;
        }
        i = end + 1;
    }
}

static void read_declaration(struct span text, struct html_font *font)
{
    struct span name, value;

    if (!span_cut(text, ':', &name, &value))
        return;
    while (name.len > 0 && ascii_is_space(name.at[0]))
        name = span_from(name, 1);
    value = span_trim(value);
    if (value.len == 0)
        return;
    if (span_ieq(name, SPAN("color")))
        set_style_colour(value, &font->colour);
    else if (span_ieq(name, SPAN("background-color")))
        set_style_colour(value, &font->ground);
    else if (span_eq(name, SPAN("background")))
        set_background(value, &font->ground);
    else if ((span_eq(span_trim(name), SPAN("display")) &&
              span_ieq(value, SPAN("none"))) ||
             (span_eq(span_trim(name), SPAN("visibility")) &&
              span_ieq(value, SPAN("hidden"))))
        font->is_gone = true;
}

static void read_style(struct span style, const struct html_font *parent,
                       struct html_font *font)
{
    struct span part;

    while (style.len > 0) {
        span_cut(style, ';', &part, &style);
        read_declaration(part, font);
    }
    if (font->ground == FONT_CLEAR)
        font->ground = parent->ground;
    if (font->colour == FONT_CLEAR)
        font->colour = font->ground;
}

/* ---- what is open ---- */

static bool has_style(enum html_tag_id tag)
{
    return tag == TAG_TABLE || tag == TAG_TD || tag == TAG_TR || tag == TAG_SPAN ||
           tag == TAG_P || tag == TAG_DIV || tag == TAG_A;
}

/* Tags that change how text looks; TAG_UNKNOWN for the others. */
static enum html_tag_id font_tag(enum html_tag_id tag)
{
    if (tag == TAG_TH)
        return TAG_TD;
    if (has_style(tag) || tag == TAG_BODY || tag == TAG_FONT || tag == TAG_BIG ||
        tag == TAG_SMALL || tag == TAG_BASEFONT || tag == TAG_MARQUEE)
        return tag;
    return TAG_UNKNOWN;
}

static void push(struct html_fonts *fonts, const struct html_font *font)
{
    if (fonts->depth == FONT_DEPTH)
        return;
    fonts->open[fonts->depth++] = *font;
    fonts->open_count[font->tag]++;
}

static enum html_tag_id pop(struct html_fonts *fonts)
{
    enum html_tag_id tag = fonts->open[--fonts->depth].tag;

    fonts->open_count[tag]--;
    return tag;
}

/* A cell or row begins: those before it end. */
static void close_cells(struct html_fonts *fonts, enum html_tag_id tag)
{
    if (fonts->open_count[tag] == 0)
        return;
    while (fonts->depth > 1) {
        enum html_tag_id top = fonts->open[fonts->depth - 1].tag;
        if (top != TAG_FONT && top != TAG_TD && !(tag == TAG_TR && top == TAG_TR))
            return;
        (void)pop(fonts);
    }
}

static bool read_number(struct span s, long *number, char *sign)
{
    long value = 0;
    size_t i = 0, digits = 0;

    s = span_trim(s);
    *sign = s.len > 0 && (s.at[0] == '+' || s.at[0] == '-') ? s.at[i++] : '\0';
    for (; i < s.len && ascii_is_digit(s.at[i]) && digits < 6; i++, digits++)
        value = value * 10 + (s.at[i] - '0');
    *number = *sign == '-' ? -value : value;
    return digits > 0;
}

static void read_size(struct html_fonts *fonts, struct span value,
                      struct html_font *font)
{
    long number;
    char sign;

    if (read_number(value, &number, &sign))
        font->size = sign != '\0' ? fonts->base + number : number;
}

static void note_size(struct html_fonts *fonts, long size)
{
    if (size > fonts->max_size)
        fonts->max_size = size;
    else if (size < fonts->min_size)
        fonts->min_size = size;
}

static void read_attributes(struct html_fonts *fonts, const struct html_token *token,
                            struct html_font *font)
{
    const struct html_font *parent = &fonts->open[fonts->depth - 1];
    bool is_font = font->tag == TAG_FONT;
    bool has_style_attribute =
        has_style(font->tag) && html_token_has(token, ATTRIBUTE_STYLE);

    if (is_font && html_token_has(token, ATTRIBUTE_COLOR))
        font->colour = colour_of(html_token_value(token, ATTRIBUTE_COLOR));
    if (font->tag == TAG_BODY && html_token_has(token, ATTRIBUTE_TEXT))
        font->colour = colour_of(html_token_value(token, ATTRIBUTE_TEXT));
    if (is_font && html_token_has(token, ATTRIBUTE_SIZE))
        read_size(fonts, html_token_value(token, ATTRIBUTE_SIZE), font);
    if (has_style_attribute)
        read_style(html_token_value(token, ATTRIBUTE_STYLE), parent, font);
    if (is_font || has_style_attribute || font->tag == TAG_BODY)
        note_size(fonts, font->size);
}

void html_fonts_start(struct html_fonts *fonts, const struct html_token *token)
{
    enum html_tag_id tag = font_tag(token->tag);
    struct html_font font;
    long number;
    char sign;

    if (tag == TAG_UNKNOWN)
        return;
    if (tag == TAG_BASEFONT &&
        read_number(html_token_value(token, ATTRIBUTE_SIZE), &number, &sign) &&
        sign == '\0') {
        fonts->base = number;
        return;
    }
    if (tag == TAG_TD || tag == TAG_TR)
        close_cells(fonts, tag);
    font = fonts->open[fonts->depth - 1];
    font.tag = tag;
    if (tag == TAG_BIG)
        font.size++;
    else if (tag == TAG_SMALL)
        font.size--;
    else
        read_attributes(fonts, token, &font);
    push(fonts, &font);
}

void html_fonts_end(struct html_fonts *fonts, enum html_tag_id tag)
{
    tag = font_tag(tag);
    if (tag == TAG_UNKNOWN || tag == TAG_BODY || fonts->open_count[tag] == 0)
        return;
    while (fonts->depth > 1 && pop(fonts) != tag)
        ;
}

/* ---- text ---- */

static double square(double value)
{
    return value * value;
}

static double part_of(int32_t colour, unsigned shift)
{
    return (double)((uint32_t)colour >> shift & 255);
}

/* Brightness as ITU-R BT.709 weighs the colours; 12 is chosen by SpamAssassin. */
static bool is_near(int32_t a, int32_t b)
{
    double red = 0.2126 * (part_of(a, 16) - part_of(b, 16));
    double green = 0.7152 * (part_of(a, 8) - part_of(b, 8));
    double blue = 0.0722 * (part_of(a, 0) - part_of(b, 0));

    return a >= 0 && b >= 0 && square(red) + square(green) + square(blue) < square(12);
}

void html_fonts_text(struct html_fonts *fonts)
{
    const struct html_font *font = &fonts->open[fonts->depth - 1];

    if (font->colour == font->ground || is_near(font->colour, font->ground))
        fonts->has_low_contrast = true;
    else if (font->colour == FONT_BAD || font->ground == FONT_BAD)
        fonts->has_bad_colour = true;
}
