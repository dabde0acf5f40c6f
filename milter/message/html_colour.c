/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_style.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES = 24, /* the longest name has 20 */
    NEAR = 16, /* steps of 255 a channel: #f0f0f0 on white cannot be read. chosen */
};

struct colour {
    const char *name;
    int32_t rgb;
};

/* Sorted. Source: CSS Color 4, 6.1 (named colors). */
/* clang-format off */
static const struct colour names[] = {
    {"aliceblue", 0xf0f8ff},
    {"antiquewhite", 0xfaebd7},
    {"aqua", 0x00ffff},
    {"aquamarine", 0x7fffd4},
    {"azure", 0xf0ffff},
    {"beige", 0xf5f5dc},
    {"bisque", 0xffe4c4},
    {"black", 0x000000},
    {"blanchedalmond", 0xffebcd},
    {"blue", 0x0000ff},
    {"blueviolet", 0x8a2be2},
    {"brown", 0xa52a2a},
    {"burlywood", 0xdeb887},
    {"cadetblue", 0x5f9ea0},
    {"chartreuse", 0x7fff00},
    {"chocolate", 0xd2691e},
    {"coral", 0xff7f50},
    {"cornflowerblue", 0x6495ed},
    {"cornsilk", 0xfff8dc},
    {"crimson", 0xdc143c},
    {"cyan", 0x00ffff},
    {"darkblue", 0x00008b},
    {"darkcyan", 0x008b8b},
    {"darkgoldenrod", 0xb8860b},
    {"darkgray", 0xa9a9a9},
    {"darkgreen", 0x006400},
    {"darkgrey", 0xa9a9a9},
    {"darkkhaki", 0xbdb76b},
    {"darkmagenta", 0x8b008b},
    {"darkolivegreen", 0x556b2f},
    {"darkorange", 0xff8c00},
    {"darkorchid", 0x9932cc},
    {"darkred", 0x8b0000},
    {"darksalmon", 0xe9967a},
    {"darkseagreen", 0x8fbc8f},
    {"darkslateblue", 0x483d8b},
    {"darkslategray", 0x2f4f4f},
    {"darkslategrey", 0x2f4f4f},
    {"darkturquoise", 0x00ced1},
    {"darkviolet", 0x9400d3},
    {"deeppink", 0xff1493},
    {"deepskyblue", 0x00bfff},
    {"dimgray", 0x696969},
    {"dimgrey", 0x696969},
    {"dodgerblue", 0x1e90ff},
    {"firebrick", 0xb22222},
    {"floralwhite", 0xfffaf0},
    {"forestgreen", 0x228b22},
    {"fuchsia", 0xff00ff},
    {"gainsboro", 0xdcdcdc},
    {"ghostwhite", 0xf8f8ff},
    {"gold", 0xffd700},
    {"goldenrod", 0xdaa520},
    {"gray", 0x808080},
    {"green", 0x008000},
    {"greenyellow", 0xadff2f},
    {"grey", 0x808080},
    {"honeydew", 0xf0fff0},
    {"hotpink", 0xff69b4},
    {"indianred", 0xcd5c5c},
    {"indigo", 0x4b0082},
    {"ivory", 0xfffff0},
    {"khaki", 0xf0e68c},
    {"lavender", 0xe6e6fa},
    {"lavenderblush", 0xfff0f5},
    {"lawngreen", 0x7cfc00},
    {"lemonchiffon", 0xfffacd},
    {"lightblue", 0xadd8e6},
    {"lightcoral", 0xf08080},
    {"lightcyan", 0xe0ffff},
    {"lightgoldenrodyellow", 0xfafad2},
    {"lightgray", 0xd3d3d3},
    {"lightgreen", 0x90ee90},
    {"lightgrey", 0xd3d3d3},
    {"lightpink", 0xffb6c1},
    {"lightsalmon", 0xffa07a},
    {"lightseagreen", 0x20b2aa},
    {"lightskyblue", 0x87cefa},
    {"lightslategray", 0x778899},
    {"lightslategrey", 0x778899},
    {"lightsteelblue", 0xb0c4de},
    {"lightyellow", 0xffffe0},
    {"lime", 0x00ff00},
    {"limegreen", 0x32cd32},
    {"linen", 0xfaf0e6},
    {"magenta", 0xff00ff},
    {"maroon", 0x800000},
    {"mediumaquamarine", 0x66cdaa},
    {"mediumblue", 0x0000cd},
    {"mediumorchid", 0xba55d3},
    {"mediumpurple", 0x9370db},
    {"mediumseagreen", 0x3cb371},
    {"mediumslateblue", 0x7b68ee},
    {"mediumspringgreen", 0x00fa9a},
    {"mediumturquoise", 0x48d1cc},
    {"mediumvioletred", 0xc71585},
    {"midnightblue", 0x191970},
    {"mintcream", 0xf5fffa},
    {"mistyrose", 0xffe4e1},
    {"moccasin", 0xffe4b5},
    {"navajowhite", 0xffdead},
    {"navy", 0x000080},
    {"oldlace", 0xfdf5e6},
    {"olive", 0x808000},
    {"olivedrab", 0x6b8e23},
    {"orange", 0xffa500},
    {"orangered", 0xff4500},
    {"orchid", 0xda70d6},
    {"palegoldenrod", 0xeee8aa},
    {"palegreen", 0x98fb98},
    {"paleturquoise", 0xafeeee},
    {"palevioletred", 0xdb7093},
    {"papayawhip", 0xffefd5},
    {"peachpuff", 0xffdab9},
    {"peru", 0xcd853f},
    {"pink", 0xffc0cb},
    {"plum", 0xdda0dd},
    {"powderblue", 0xb0e0e6},
    {"purple", 0x800080},
    {"rebeccapurple", 0x663399},
    {"red", 0xff0000},
    {"rosybrown", 0xbc8f8f},
    {"royalblue", 0x4169e1},
    {"saddlebrown", 0x8b4513},
    {"salmon", 0xfa8072},
    {"sandybrown", 0xf4a460},
    {"seagreen", 0x2e8b57},
    {"seashell", 0xfff5ee},
    {"sienna", 0xa0522d},
    {"silver", 0xc0c0c0},
    {"skyblue", 0x87ceeb},
    {"slateblue", 0x6a5acd},
    {"slategray", 0x708090},
    {"slategrey", 0x708090},
    {"snow", 0xfffafa},
    {"springgreen", 0x00ff7f},
    {"steelblue", 0x4682b4},
    {"tan", 0xd2b48c},
    {"teal", 0x008080},
    {"thistle", 0xd8bfd8},
    {"tomato", 0xff6347},
    {"turquoise", 0x40e0d0},
    {"violet", 0xee82ee},
    {"wheat", 0xf5deb3},
    {"white", 0xffffff},
    {"whitesmoke", 0xf5f5f5},
    {"yellow", 0xffff00},
    {"yellowgreen", 0x9acd32},
};
/* clang-format on */

static int compare_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct colour *)entry)->name);
}

static bool named_colour(struct span s, int32_t *colour)
{
    char name[NAME_BYTES];
    if (s.len == 0 || s.len >= sizeof name)
        return false;
    for (size_t i = 0; i < s.len; i++)
        name[i] = ascii_lower(s.at[i]);
    name[s.len] = '\0';
    if (strcmp(name, "transparent") == 0) {
        *colour = COLOUR_CLEAR;
        return true;
    }
    const struct colour *found =
        bsearch(name, names, sizeof names / sizeof *names, sizeof *names, compare_name);
    if (found != NULL)
        *colour = found->rgb;
    return found != NULL;
}

static int hex_at(struct span s, size_t i)
{
    int digit = i < s.len ? ascii_hex(s.at[i]) : 0;
    return digit < 0 ? 0 : digit;
}

static bool is_hex(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (ascii_hex(s.at[i]) < 0)
            return false;
    return s.len > 0;
}

/* An alpha of 0..255: what shines through cannot be told. */
static int32_t with_alpha(int32_t rgb, int alpha)
{
    if (alpha <= 12)
        return COLOUR_CLEAR;
    return alpha >= 230 ? rgb : COLOUR_MIXED;
}

/* "rgb", "rgba", "rrggbb" or "rrggbbaa", the '#' taken off. */
static bool hex_colour(struct span s, int32_t *colour)
{
    if (!is_hex(s))
        return false;
    int32_t rgb = 0;
    if (s.len == 3 || s.len == 4) {
        for (size_t i = 0; i < 3; i++)
            rgb = rgb << 8 | hex_at(s, i) * 17;
        *colour = with_alpha(rgb, s.len == 4 ? hex_at(s, 3) * 17 : 255);
        return true;
    }
    if (s.len != 6 && s.len != 8)
        return false;
    for (size_t i = 0; i < 6; i++)
        rgb = rgb << 4 | hex_at(s, i);
    *colour = with_alpha(rgb, s.len == 8 ? hex_at(s, 6) * 16 + hex_at(s, 7) : 255);
    return true;
}

/* One number of rgb(): 0..255, a percentage of 255, or with unit 255 an alpha. */
static bool channel(struct span *s, double unit, int *out)
{
    char digits[16];
    size_t len = 0;
    while (s->len > 0 &&
           (ascii_is_space(s->at[0]) || s->at[0] == ',' || s->at[0] == '/'))
        *s = span_from(*s, 1);
    while (len < s->len && len < sizeof digits - 1 &&
           (ascii_is_digit(s->at[len]) || s->at[len] == '.')) {
        digits[len] = s->at[len];
        len++;
    }
    if (len == 0)
        return false;
    digits[len] = '\0';
    *s = span_from(*s, len);
    double value = 0;
    double place = 0;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] == '.') {
            place = 1;
        } else if (place > 0) {
            place /= 10;
            value += (digits[i] - '0') * place;
        } else {
            value = value * 10 + (digits[i] - '0');
        }
    }
    if (s->len > 0 && s->at[0] == '%') {
        *s = span_from(*s, 1);
        unit = 2.55;
    }
    value *= unit;
    *out = value > 255 ? 255 : (int)(value + 0.5);
    return true;
}

/* "rgb(1, 2, 3)", "rgba(1 2 3 / 50%)"; of other functions only that they are some. */
static bool function_colour(struct span s, int32_t *colour)
{
    ptrdiff_t open = span_index(s, '(');
    if (open <= 0 || s.at[s.len - 1] != ')')
        return false;
    struct span name = span_head(s, (size_t)open);
    *colour = COLOUR_MIXED;
    if (!span_ieq(name, SPAN("rgb")) && !span_ieq(name, SPAN("rgba")))
        return span_istarts(name, SPAN("hsl")) || span_istarts(name, SPAN("hwb"));
    struct span rest = span_from(s, (size_t)open + 1);
    int32_t rgb = 0;
    for (int i = 0; i < 3; i++) {
        int value = 0;
        if (!channel(&rest, 1, &value))
            return false;
        rgb = rgb << 8 | value;
    }
    int alpha = 255;
    channel(&rest, 255, &alpha);
    *colour = with_alpha(rgb, alpha);
    return true;
}

bool html_style_colour(struct span s, int32_t *colour)
{
    s = span_trim(s);
    if (s.len == 0)
        return false;
    if (s.at[0] == '#')
        return hex_colour(span_from(s, 1), colour);
    if (named_colour(s, colour) || function_colour(s, colour))
        return true;
    return s.len == 6 && hex_colour(s, colour); /* as quirks mode reads it */
}

/* WHATWG HTML 2.3.6 "rules for parsing a legacy color value", from step 8 on: any
 * text gives a colour. */
static int32_t legacy_digits(struct span s)
{
    if (s.len > 0 && s.at[0] == '#')
        s = span_from(s, 1);
    s = span_head(s, 128);
    size_t part = s.len == 0 ? 1 : (s.len + 2) / 3;
    size_t from = part > 8 ? part - 8 : 0;
    while (part - from > 2 && hex_at(s, from) == 0 && hex_at(s, part + from) == 0 &&
           hex_at(s, 2 * part + from) == 0)
        from++;
    int32_t rgb = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t at = i * part + from;
        int high = hex_at(s, at);
        rgb = rgb << 8 | (part - from > 1 ? high * 16 + hex_at(s, at + 1) : high);
    }
    return rgb;
}

bool html_style_legacy_colour(struct span s, int32_t *colour)
{
    s = span_trim(s);
    if (s.len == 0 || span_ieq(s, SPAN("transparent")))
        return false;
    if (named_colour(s, colour))
        return true;
    if (s.len == 4 && s.at[0] == '#' && hex_colour(span_from(s, 1), colour))
        return true;
    *colour = legacy_digits(s);
    return true;
}

bool html_style_is_near(int32_t a, int32_t b)
{
    if (a < 0 || b < 0)
        return false;
    for (int shift = 0; shift <= 16; shift += 8)
        if (abs((a >> shift & 0xff) - (b >> shift & 0xff)) >= NEAR)
            return false;
    return true;
}
