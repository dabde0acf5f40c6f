/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_html - HTMLEval: numbers and pieces of the HTML parts. A function hits when one
 * of the parts does. Source: behaviour of Mail::SpamAssassin::Plugin::HTMLEval.
 */
#include "rules/eval/eval_charset.h"
#include "rules/eval/eval_function.h"

/* What html_range, html_eval and html_test ask for. */
enum {
    TEST_HTML,
    TEST_LENGTH,
    TEST_IMAGE_AREA,
    TEST_NON_SPACE,
    TEST_MIN_SIZE,
    TEST_MAX_SIZE,
    TEST_CLOSED_EXTRA,
    TEST_BAD_TAGS,
    TEST_NON_ELEMENTS,
    TEST_OBFUSCATION,
    TEST_LOW_CONTRAST,
    TEST_BAD_COLOUR,
    TEST_BAD_FACE,
    TEST_MAIL_FORM,
    TEST_EMBEDS,
};

static const char *const tests[] = {
    "html",
    "length",
    "image_area",
    "non_space_len",
    "min_size",
    "max_size",
    "closed_extra_ratio",
    "bad_tag_ratio",
    "non_element_ratio",
    "obfuscation_ratio",
    "font_low_contrast",
    "font_invalid_color",
    "font_face_bad",
    "form_action_mailto",
    "embeds",
    NULL,
};

static const char *const texts[] = {"comment", "title", "anchor", NULL};

static bool has_bad_face(struct eval_scene *scene, const struct html_sums *html)
{
    for (size_t i = 0; i < html->faces.count; i++)
        if (!scene_match(scene, EVAL_FONT_FACE, html->faces.at[i]))
            return true;
    return false;
}

static bool ratio(double part, double whole, double *value)
{
    *value = whole > 0 ? part / whole : 0;
    return whole > 0;
}

/* The number asked for; false when the part has none. */
static bool number_of(struct eval_scene *scene, const struct html_sums *html, int test,
                      double *value)
{
    switch (test) {
    case TEST_HTML:
        *value = 1;
        return true;
    case TEST_LENGTH:
        *value = (double)html->length;
        return true;
    case TEST_IMAGE_AREA:
        *value = html->image_area;
        return true;
    case TEST_NON_SPACE:
        *value = (double)html->non_space;
        return true;
    case TEST_MIN_SIZE:
        *value = (double)html->min_size;
        return true;
    case TEST_MAX_SIZE:
        *value = (double)html->max_size;
        return true;
    case TEST_CLOSED_EXTRA:
        return ratio(html->closed_extra, html->tags, value);
    case TEST_BAD_TAGS:
        return html->elements > 0 &&
               ratio(html->tags - html->elements, html->tags, value);
    case TEST_NON_ELEMENTS:
        return html->elements_seen > 0 &&
               ratio(html->tags_seen - html->elements_seen, html->tags_seen, value);
    case TEST_OBFUSCATION:
        return html->obfuscation > 0 && ratio(html->obfuscation, html->tags, value);
    case TEST_LOW_CONTRAST:
        *value = html->has_low_contrast;
        return html->has_low_contrast;
    case TEST_BAD_COLOUR:
        *value = html->has_bad_colour;
        return html->has_bad_colour;
    case TEST_BAD_FACE:
        *value = has_bad_face(scene, html);
        return *value > 0;
    case TEST_MAIL_FORM:
        *value = html->has_mail_form;
        return html->has_mail_form;
    default:
        *value = html->has_embeds;
        return html->has_embeds;
    }
}

static bool html_test(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);
    double value;

    for (size_t i = 0; i < count; i++)
        if (number_of(scene, html[i], call->arguments[0].id, &value) && value != 0)
            return true;
    return false;
}

static bool html_eval(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);
    double value;

    for (size_t i = 0; i < count; i++)
        if (number_of(scene, html[i], call->arguments[0].id, &value) &&
            eval_compare(&call->arguments[1], value))
            return true;
    return false;
}

static bool html_range(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);
    double value;

    for (size_t i = 0; i < count; i++)
        if (number_of(scene, html[i], call->arguments[0].id, &value) &&
            eval_is_within(&call->arguments[1], &call->arguments[2], value))
            return true;
    return false;
}

static bool html_tag_balance(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    for (size_t i = 0; i < count; i++) {
        const struct html_name *name = html_sums_name(html[i], call->arguments[0].text);
        if (name != NULL && eval_compare(&call->arguments[1], name->open))
            return true;
    }
    return false;
}

static bool html_tag_exists(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    for (size_t i = 0; i < count; i++)
        if (html_sums_name(html[i], call->arguments[0].text) != NULL)
            return true;
    return false;
}

static bool html_image_only(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    for (size_t i = 0; i < count; i++)
        if (html_sums_name(html[i], SPAN("img")) != NULL &&
            eval_is_within(&call->arguments[0], &call->arguments[1],
                           (double)html[i]->length))
            return true;
    return false;
}

static bool html_image_ratio(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    for (size_t i = 0; i < count; i++)
        if (html[i]->image_area > 0 &&
            eval_is_within(&call->arguments[0], &call->arguments[1],
                           (double)html[i]->non_space / html[i]->image_area))
            return true;
    return false;
}

static bool html_charset_faraway(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count, good, bad;
    struct html_sums *const *html = scene_html(scene, &count);

    (void)call;
    for (size_t i = 0; i < count; i++) {
        const struct html_pieces *charsets = &html[i]->charsets;
        good = bad = 0;
        for (size_t k = 0; k < charsets->count; k++)
            if (eval_charset_is_ok(charsets->at[k], scene->settings->ok_locales))
                good++;
            else
                bad++;
        if (bad > 0 && bad >= good)
            return true;
    }
    return false;
}

/* The n-th piece of that sort; false behind the last. */
static bool piece_of(const struct html_sums *html, int text, size_t n,
                     struct span *piece)
{
    const struct html_pieces *pieces = text == 0 ? &html->comments : &html->titles;

    if (text == 2) {
        if (n < html->anchor_count)
            *piece = html->anchors[n].text;
        return n < html->anchor_count;
    }
    if (n < pieces->count)
        *piece = pieces->at[n];
    return n < pieces->count;
}

static bool any_piece(struct eval_scene *scene, const struct eval_call *call,
                      bool matches)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);
    struct span piece;

    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; piece_of(html[i], call->arguments[0].id, n, &piece); n++)
            if (scene_match_pattern(scene, call->arguments[1].pattern, piece) ==
                matches)
                return true;
    return false;
}

static bool html_text_match(struct eval_scene *scene, const struct eval_call *call)
{
    return any_piece(scene, call, true);
}

static bool html_text_not_match(struct eval_scene *scene, const struct eval_call *call)
{
    return any_piece(scene, call, false);
}

static bool html_title_subject(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);
    struct span subject = scene_get(scene, "Subject");

    for (size_t i = 0; subject.len > 0 && i < count; i++)
        for (size_t n = 0; n < html[i]->titles.count; n++)
            if ((double)html[i]->titles.at[n].len / (double)subject.len >
                call->arguments[0].number)
                return true;
    return false;
}

static bool check_iframe_src(struct eval_scene *scene, const struct eval_call *call)
{
    size_t count;
    struct html_sums *const *html = scene_html(scene, &count);

    (void)call;
    for (size_t i = 0; i < count; i++)
        if (html[i]->has_frame_source)
            return true;
    return false;
}

static const struct eval_function functions[] = {
    {"html_tag_balance", "tc", NULL, html_tag_balance,
     "The start tags of that name less its end tags compare so, if it occurs."},
    {"html_image_only", "nn", NULL, html_image_only,
     "There is an image, and the source has more than so many characters, and at most "
     "so many."},
    {"html_image_ratio", "nn", NULL, html_image_ratio,
     "Characters of text, without white space, for each pixel of images."},
    {"html_charset_faraway", "", NULL, html_charset_faraway,
     "<meta> names charsets that no locale of ok_locales uses."},
    {"html_tag_exists", "t", NULL, html_tag_exists, "There is such a tag."},
    {"html_test", "i", tests, html_test, "That number of the part is there and not 0."},
    {"html_eval", "ic", tests, html_eval, "That number of the part compares so."},
    {"html_text_match", "ir", texts, html_text_match,
     "One of the pieces of that sort matches."},
    {"html_text_not_match", "ir", texts, html_text_not_match,
     "One of the pieces of that sort does not match."},
    {"html_title_subject_ratio", "n", NULL, html_title_subject,
     "The title is more than so many times as long as the subject."},
    {"html_range", "in|n", tests, html_range,
     "That number of the part is more than the first, and at most the second."},
    {"check_iframe_src", "", NULL, check_iframe_src, "There is an <iframe src>."},
};

const struct eval_module outgate_eval_html = {"HTMLEval", functions,
                                              sizeof functions / sizeof functions[0]};
