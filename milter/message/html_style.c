/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_style.h"

#include <stdlib.h>

enum {
    PX = 100,          /* hundredths of a pixel */
    ROOT_FONT_PX = 16, /* of an em where no other is known */
    MOST = 10000000,   /* no length is longer: far from overflow */
};

void html_style_set(struct html_style *style, enum html_property property,
                    int32_t value, bool important)
{
    uint32_t bit = UINT32_C(1) << property;
    if (!important && (style->important & bit) != 0)
        return;
    style->set |= bit;
    style->important |= important ? bit : 0;
    style->value[property] = value;
}

bool html_style_has(const struct html_style *style, enum html_property property)
{
    return (style->set >> property & 1) != 0;
}

/* A font has one size: the last given of the two. */
static void drop_other_size(struct html_style *style, unsigned property)
{
    uint32_t other = 0;
    if (property == PROPERTY_FONT_SIZE)
        other = 1u << PROPERTY_FONT_SCALE;
    else if (property == PROPERTY_FONT_SCALE)
        other = 1u << PROPERTY_FONT_SIZE;
    style->set &= ~(other & ~style->important);
}

void html_style_merge(struct html_style *style, const struct html_style *more)
{
    for (uint32_t left = more->set; left != 0; left &= left - 1) {
        unsigned property = (unsigned)__builtin_ctz(left);
        drop_other_size(style, property);
        html_style_set(style, (enum html_property)property, more->value[property],
                       (more->important >> property & 1) != 0);
    }
}

/* A number in thousandths at the head of s, which moves past it. */
static bool read_number(struct span *s, int64_t *milli)
{
    size_t i = 0;
    bool minus = s->len > 0 && s->at[0] == '-';
    if (s->len > 0 && (s->at[0] == '-' || s->at[0] == '+'))
        i++;
    int64_t value = 0;
    int64_t place = 0; /* 0: before the point */
    bool has_digit = false;
    for (; i < s->len; i++) {
        char c = s->at[i];
        if (c == '.' && place == 0) {
            place = 1000;
        } else if (ascii_is_digit(c)) {
            has_digit = true;
            if (place == 0 && value < (int64_t)MOST * 1000)
                value = value * 10 + (c - '0') * 1000;
            else if (place > 0)
                value += (c - '0') * (place /= 10);
        } else {
            break;
        }
    }
    if (!has_digit)
        return false;
    *milli = minus ? -value : value;
    *s = span_from(*s, i);
    return true;
}

/* Hundredths of a pixel in one unit; 0 if it is relative to what is not known here.
 * Source: CSS Values 3, 5 and 6. A bare number is read as pixels, as quirks mode does.
 */
static int32_t unit_size(struct span unit)
{
    static const struct {
        struct span name;
        int32_t size;
    } units[] = {
        {{"px", 2}, PX},
        {{"pt", 2}, 133},
        {{"em", 2}, ROOT_FONT_PX * PX},
        {{"rem", 3}, ROOT_FONT_PX * PX},
        {{"ex", 2}, ROOT_FONT_PX * PX / 2},
        {{"ch", 2}, ROOT_FONT_PX * PX / 2},
        {{"pc", 2}, 1600},
        {{"in", 2}, 9600},
        {{"cm", 2}, 3780},
        {{"mm", 2}, 378},
        {{"vw", 2}, 600},
        {{"vh", 2}, 800},
    };
    if (unit.len == 0)
        return PX;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (span_ieq(unit, units[i].name))
            return units[i].size;
    return 0;
}

static int32_t clamp(int64_t value)
{
    if (value > MOST)
        return MOST;
    return value < -MOST ? -MOST : (int32_t)value;
}

/* A length; of percentages only 0% is one. */
static bool read_length(struct span s, int32_t *length)
{
    int64_t milli = 0;
    if (!read_number(&s, &milli))
        return false;
    int32_t unit = unit_size(s);
    if (unit == 0 && milli != 0)
        return false;
    if (unit == 0 && !span_eq(s, SPAN("%")))
        return false;
    *length = clamp(milli / 10 * unit / PX);
    return true;
}

/* What is read of a value: s is trimmed and without "!important". */
typedef bool (*read_value)(struct span s, int32_t *value);

static bool read_display(struct span s, int32_t *value)
{
    *value = span_ieq(s, SPAN("none"));
    return ascii_is_alpha(s.at[0]) && !span_ieq(s, SPAN("inherit"));
}

static bool read_visibility(struct span s, int32_t *value)
{
    *value = span_ieq(s, SPAN("hidden")) || span_ieq(s, SPAN("collapse"));
    return *value != 0 || span_ieq(s, SPAN("visible")) || span_ieq(s, SPAN("initial"));
}

static bool read_overflow(struct span s, int32_t *value)
{
    *value = span_istarts(s, SPAN("hidden")) || span_istarts(s, SPAN("clip"));
    return ascii_is_alpha(s.at[0]);
}

static bool read_position(struct span s, int32_t *value)
{
    *value = span_ieq(s, SPAN("absolute")) || span_ieq(s, SPAN("fixed"));
    return ascii_is_alpha(s.at[0]);
}

static bool read_opacity(struct span s, int32_t *value)
{
    int64_t milli = 0;
    if (!read_number(&s, &milli))
        return false;
    *value = clamp(s.len > 0 && s.at[0] == '%' ? milli / 1000 : milli / 10);
    return true;
}

static bool read_picture(struct span s, int32_t *value)
{
    *value = span_ifind(s, SPAN("url(")) >= 0 || span_ifind(s, SPAN("gradient(")) >= 0;
    return true;
}

/* The first word of s up to white space outside parentheses; s moves past it. */
static struct span next_word(struct span *s)
{
    *s = span_trim(*s);
    int depth = 0;
    size_t i = 0;
    for (; i < s->len; i++) {
        char c = s->at[i];
        if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (depth == 0 && ascii_is_space(c))
            break;
    }
    struct span word = span_head(*s, i);
    *s = span_from(*s, i);
    return word;
}

static const struct {
    struct span name;
    int percent; /* of the root's size; negative: of the parent's */
} sizes[] = {
    {{"xx-small", 8}, 56},  {{"x-small", 7}, 63},  {{"small", 5}, 81},
    {{"medium", 6}, 100},   {{"large", 5}, 113},   {{"x-large", 7}, 150},
    {{"xx-large", 8}, 200}, {{"initial", 7}, 100}, {{"smaller", 7}, -83},
    {{"larger", 6}, -120},
};

/* font-size: one of two properties, by whether it depends on the parent's. */
static bool read_font_size(struct span s, enum html_property *property, int32_t *value)
{
    *property = PROPERTY_FONT_SIZE;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (!span_ieq(s, sizes[i].name))
            continue;
        *property = sizes[i].percent < 0 ? PROPERTY_FONT_SCALE : PROPERTY_FONT_SIZE;
        *value = abs(sizes[i].percent) * (sizes[i].percent < 0 ? 1 : ROOT_FONT_PX);
        return true;
    }
    int64_t milli = 0;
    struct span unit = s;
    if (!read_number(&unit, &milli) || milli < 0)
        return false;
    int64_t scale = 0;
    if (span_eq(unit, SPAN("%")))
        scale = 1;
    else if (span_ieq(unit, SPAN("em")))
        scale = 100;
    else if (span_ieq(unit, SPAN("ex")))
        scale = 50;
    if (scale == 0)
        return read_length(s, value);
    *property = PROPERTY_FONT_SCALE;
    *value = clamp(milli * scale / 1000);
    return true;
}

static void set_font_size(struct html_style *style, struct span s, bool important)
{
    enum html_property property;
    int32_t value = 0;
    if (!read_font_size(s, &property, &value))
        return;
    if (!important && (style->important &
                       (1u << PROPERTY_FONT_SIZE | 1u << PROPERTY_FONT_SCALE)) != 0)
        return;
    drop_other_size(style, property);
    html_style_set(style, property, value, important);
}

/* CSS 2.1 15.8: the size is the first word that is a length and no weight. */
static void set_font(struct html_style *style, struct span s, bool important)
{
    while (s.len > 0) {
        struct span word = next_word(&s);
        struct span size;
        struct span line;
        span_cut(word, '/', &size, &line);
        bool is_weight = size.len == 3 && span_eq(span_from(size, 1), SPAN("00"));
        if (size.len == 0 || is_weight ||
            (!ascii_is_digit(size.at[0]) && size.at[0] != '.'))
            continue;
        set_font_size(style, size, important);
        return;
    }
}

/* CSS Backgrounds 3, 3.10: the shorthand gives both, what is not said is initial. */
static void set_background(struct html_style *style, struct span s, bool important)
{
    int32_t colour = COLOUR_CLEAR;
    int32_t picture = 0;
    read_picture(s, &picture);
    while (s.len > 0)
        if (html_style_colour(next_word(&s), &colour))
            break;
    html_style_set(style, PROPERTY_BACKGROUND, colour, important);
    html_style_set(style, PROPERTY_BACKGROUND_IMAGE, picture, important);
}

static const struct {
    struct span name;
    enum html_property property;
    read_value read; /* NULL: a shorthand */
    void (*set)(struct html_style *style, struct span s, bool important);
} declarations[] = {
    {{"background", 10}, 0, NULL, set_background},
    {{"background-color", 16}, PROPERTY_BACKGROUND, html_style_colour, NULL},
    {{"background-image", 16}, PROPERTY_BACKGROUND_IMAGE, read_picture, NULL},
    {{"color", 5}, PROPERTY_COLOUR, html_style_colour, NULL},
    {{"display", 7}, PROPERTY_DISPLAY, read_display, NULL},
    {{"font", 4}, 0, NULL, set_font},
    {{"font-size", 9}, 0, NULL, set_font_size},
    {{"height", 6}, PROPERTY_HEIGHT, read_length, NULL},
    {{"left", 4}, PROPERTY_LEFT, read_length, NULL},
    {{"max-height", 10}, PROPERTY_MAX_HEIGHT, read_length, NULL},
    {{"max-width", 9}, PROPERTY_MAX_WIDTH, read_length, NULL},
    {{"opacity", 7}, PROPERTY_OPACITY, read_opacity, NULL},
    {{"overflow", 8}, PROPERTY_OVERFLOW, read_overflow, NULL},
    {{"position", 8}, PROPERTY_POSITION, read_position, NULL},
    {{"text-indent", 11}, PROPERTY_INDENT, read_length, NULL},
    {{"top", 3}, PROPERTY_TOP, read_length, NULL},
    {{"visibility", 10}, PROPERTY_VISIBILITY, read_visibility, NULL},
    {{"width", 5}, PROPERTY_WIDTH, read_length, NULL},
};

/* Take "!important" off the end. */
static bool cut_important(struct span *value)
{
    if (!span_iends(*value, SPAN("important")))
        return false;
    struct span head = span_trim(span_head(*value, value->len - 9));
    if (head.len == 0 || head.at[head.len - 1] != '!')
        return false;
    *value = span_trim(span_head(head, head.len - 1));
    return true;
}

static void read_declaration(struct html_style *style, struct span name,
                             struct span value)
{
    bool important = cut_important(&value);
    if (value.len == 0 || name.len == 0)
        return;
    for (size_t i = 0; i < sizeof declarations / sizeof *declarations; i++) {
        if (declarations[i].name.len != name.len ||
            !span_ieq(name, declarations[i].name))
            continue;
        int32_t read = 0;
        if (declarations[i].set != NULL)
            declarations[i].set(style, value, important);
        else if (declarations[i].read(value, &read))
            html_style_set(style, declarations[i].property, read, important);
        return;
    }
}

/* Where a declaration ends: ';' outside quotes and parentheses. A quote that is not
 * closed ends with the line, a parenthesis with the text. */
static size_t declaration_end(struct span s)
{
    char quote = '\0';
    int depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (quote != '\0') {
            if (c == quote || c == '\n')
                quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && depth > 0) {
            depth--;
        } else if (c == ';' && depth == 0) {
            return i;
        }
    }
    return s.len;
}

void html_style_parse(struct span declared, struct html_style *style)
{
    while (declared.len > 0) {
        size_t end = declaration_end(declared);
        struct span name;
        struct span value;
        if (span_cut(span_head(declared, end), ':', &name, &value))
            read_declaration(style, span_trim(name), span_trim(value));
        declared = span_from(declared, end + 1);
    }
}

/* CSS Syntax 3, 4.3.7: up to six hex digits and one white space, or any character.
 * Returns how many bytes after the backslash it takes. */
static size_t read_escape(struct span s, char out[4], size_t *out_len)
{
    uint32_t code = 0;
    size_t i = 0;
    while (i < s.len && i < 6 && ascii_hex(s.at[i]) >= 0)
        code = code << 4 | (uint32_t)ascii_hex(s.at[i++]);
    if (i > 0) {
        *out_len = utf8_put(code, out);
        return i < s.len && ascii_is_space(s.at[i]) ? i + 1 : i;
    }
    *out_len = s.len > 0 && s.at[0] != '\n';
    if (*out_len > 0)
        out[0] = s.at[0];
    return s.len > 0;
}

struct span html_style_clean(struct arena *arena, struct span s)
{
    if (span_index(s, '\\') < 0 && span_find(s, SPAN("/*")) < 0)
        return s;
    char *out = arena_alloc(arena, s.len + 4); /* an escape may yield 3 bytes for 2 */
    if (out == NULL)
        return SPAN("");
    size_t len = 0;
    size_t i = 0;
    while (i < s.len) {
        struct span tail = span_from(s, i);
        if (span_starts(tail, SPAN("/*"))) {
            ptrdiff_t end = span_find(span_from(tail, 2), SPAN("*/"));
            i = end < 0 ? s.len : i + (size_t)end + 4;
            out[len++] = ' ';
        } else if (s.at[i] == '\\') {
            char bytes[4];
            size_t count = 0;
            i += 1 + read_escape(span_from(tail, 1), bytes, &count);
            for (size_t k = 0; k < count; k++)
                out[len++] = bytes[k];
        } else {
            out[len++] = s.at[i++];
        }
    }
    return (struct span){out, len};
}
