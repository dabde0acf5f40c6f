/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_body - BodyEval: the text as a whole.
 * Source: behaviour of Mail::SpamAssassin::Plugin::BodyEval.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/eval/eval_function.h"

enum {
    WORDS_MOST = 1 << 18, /* of one text part; the bound on texts is below it */
    SPACED_LEAST = 5,     /* characters of a paragraph that is looked at */
    STOCK_LABEL = 30,     /* bytes of "Label: value" */
    STOCK_LABELS = 32,
};

struct eval_body {
    double difference; /* percent of the HTML's words that the text lacks */
    double text_words, html_words;
};

/* ---- multipart/alternative ---- */

struct word {
    struct span text;
    int count; /* in HTML, less in text */
};

struct bag {
    struct span *at;
    size_t count;
};

static bool has_word_character(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (ascii_is_alnum(s.at[i]) || s.at[i] == '_' || (s.at[i] & 0x80))
            return true;
    return false;
}

static void add_words(struct arena *arena, struct bag *bag, size_t *room,
                      struct span text)
{
    size_t i = 0;

    while (i < text.len && bag->count < WORDS_MOST) {
        size_t from;
        while (i < text.len && ascii_is_space(text.at[i]))
            i++;
        from = i;
        while (i < text.len && !ascii_is_space(text.at[i]))
            i++;
        struct span word = {text.at + from, i - from};
        if (!has_word_character(word))
            continue;
        struct span *grown =
            arena_grow(arena, bag->at, bag->count, room, sizeof *bag->at);
        if (grown == NULL)
            return;
        bag->at = grown;
        bag->at[bag->count++] = word;
    }
}

static int by_text(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* The end of the run of equal words that begins there. */
static size_t run_end(const struct bag *bag, size_t from)
{
    size_t end = from + 1;

    while (end < bag->count && span_eq(bag->at[from], bag->at[end]))
        end++;
    return end;
}

static size_t count_different(const struct bag *bag)
{
    size_t count = 0;

    for (size_t i = 0; i < bag->count; i = run_end(bag, i))
        count++;
    return count;
}

/* Different words of html that stand there more often than in text. */
static size_t count_left(const struct bag *html, const struct bag *text)
{
    size_t left = 0, t = 0;

    for (size_t h = 0; h < html->count;) {
        size_t end = run_end(html, h), same = 0;
        while (t < text->count && span_compare(text->at[t], html->at[h]) < 0)
            t++;
        while (t + same < text->count && span_eq(text->at[t + same], html->at[h]))
            same++;
        left += end - h > same;
        h = end;
    }
    return left;
}

static bool is_below(const struct message *msg, size_t part, size_t ancestor)
{
    int at = (int)part;

    while (at > (int)ancestor)
        at = msg->parts[at].parent;
    return at == (int)ancestor;
}

static void gather(const struct message *msg, size_t ancestor, struct bag *html,
                   struct bag *text, bool *has_image)
{
    size_t html_room = 0, text_room = 0;

    for (size_t i = ancestor + 1; i < msg->part_count; i++) {
        const struct part *part = &msg->parts[i];
        if (!span_eq(part->type, SPAN("text")) || !is_below(msg, i, ancestor))
            continue;
        if (part->html != NULL) {
            add_words(msg->arena, html, &html_room, part->html->title);
            add_words(msg->arena, html, &html_room, part->html->text);
            add_words(msg->arena, html, &html_room, part->html->hidden);
            *has_image |= part->html->image_count > 0;
        } else if (span_eq(part->subtype, SPAN("plain")))
            add_words(msg->arena, text, &text_room, part->text);
    }
}

static void compare_parts(const struct message *msg, size_t ancestor,
                          struct eval_body *body)
{
    struct bag html = {0}, text = {0};
    bool has_image = false;
    double different, left;

    gather(msg, ancestor, &html, &text, &has_image);
    if (html.count > 0)
        qsort(html.at, html.count, sizeof *html.at, by_text);
    if (text.count > 0)
        qsort(text.at, text.count, sizeof *text.at, by_text);
    different = (double)count_different(&html);
    left = (double)count_left(&html, &text);
    /* A lone image is a word that no text has. */
    if (html.count == 0 && has_image)
        different = left = 1;
    if (different == 0)
        return;
    body->html_words = different;
    body->text_words = (double)count_different(&text);
    if (100 * left / different > body->difference)
        body->difference = 100 * left / different;
}

static bool is_type(const struct part *part, const char *type, const char *subtype)
{
    return span_eq(part->type, span_of(type)) &&
           span_eq(part->subtype, span_of(subtype));
}

/* An invitation to a meeting: HTML and a calendar. */
static bool is_invitation(const struct message *msg)
{
    return msg->part_count == 3 &&
           is_type(&msg->parts[0], "multipart", "alternative") &&
           is_type(&msg->parts[1], "text", "html") &&
           is_type(&msg->parts[2], "text", "calendar");
}

static const struct eval_body *body_of(struct eval_scene *scene)
{
    static const struct eval_body none;
    const struct message *msg = scene->msg;

    if (scene->body != NULL)
        return scene->body;
    scene->body = arena_alloc(msg->arena, sizeof *scene->body);
    if (scene->body == NULL)
        return &none;
    for (size_t i = 0; i < msg->part_count && !is_invitation(msg); i++)
        if (is_type(&msg->parts[i], "multipart", "alternative"))
            compare_parts(msg, i, scene->body);
    return scene->body;
}

static bool alternative_difference(struct eval_scene *scene,
                                   const struct eval_call *call)
{
    const struct eval_argument *min = &call->arguments[0], *max = &call->arguments[1];
    double difference = body_of(scene)->difference;

    return (min->is_open || min->number == 0 || difference > min->number) &&
           (max->is_open || difference <= max->number);
}

static bool alternative_count(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_body *body = body_of(scene);

    return body->html_words > call->arguments[1].number &&
           body->text_words / body->html_words > call->arguments[0].number;
}

/* ---- lines and paragraphs ---- */

static bool blank_line_ratio(struct eval_scene *scene, const struct eval_call *call)
{
    struct rule_texts texts = rule_text_rawbody(scene->view);
    double least = call->arguments[2].is_open ? 1 : call->arguments[2].number;
    double blank = 0, lines = 0, percent;

    for (size_t i = 0; i < texts.count; i++) {
        struct span rest = texts.at[i].bytes, line;
        while (scene_line(&rest, &line)) {
            lines++;
            blank += span_trim(line).len == 0;
        }
    }
    percent = lines < least || lines == 0 ? -1 : 100 * blank / lines;
    return (call->arguments[0].number == 0 || percent > call->arguments[0].number) &&
           percent <= call->arguments[1].number;
}

/* Blanks for each hundred other bytes, of the paragraph that has most. Bytes, not
 * letters: the published limits were found that way. */
static double spaced_percent(const struct rule_texts *texts)
{
    double most = -1;

    for (size_t i = 0; i < texts->count; i++) {
        struct span s = texts->at[i].bytes;
        size_t spaces = 0;
        for (size_t k = 0; k < s.len; k++)
            spaces += s.at[k] == ' ';
        if (s.len <= SPACED_LEAST)
            continue;
        double percent =
            2 * spaces > s.len ? 100 : (double)(100 * spaces / (s.len - spaces));
        if (percent > most)
            most = percent;
    }
    return most;
}

static bool vertical_words(struct eval_scene *scene, const struct eval_call *call)
{
    double percent = spaced_percent(scene_body(scene));
    double max = call->arguments[1].number;

    if (max >= 100)
        max = 101;
    return percent >= call->arguments[0].number &&
           (call->arguments[1].is_open || percent < max);
}

static const struct part *first_plain(const struct message *msg)
{
    for (size_t i = 0; i < msg->part_count; i++)
        if (is_type(&msg->parts[i], "text", "plain"))
            return &msg->parts[i];
    return NULL;
}

/* `Label : value`: the label's letters, in lower case; 0 for no such line. */
static size_t label_of(struct span line, char *out)
{
    struct span label, value;
    size_t len = 0;

    if (!span_cut(span_trim(line), ':', &label, &value) || span_trim(value).len == 0)
        return 0;
    label = span_trim(label);
    if (label.len < 3 || label.len > STOCK_LABEL)
        return 0;
    for (size_t i = 0; i < label.len; i++)
        if (ascii_is_alpha(label.at[i]))
            out[len++] = ascii_lower(label.at[i]);
    return len;
}

/* How many different words of a stock tip are labels; tails of words count, and are
 * told apart by whole label. */
static bool check_stock_info(struct eval_scene *scene, const struct eval_call *call)
{
    const struct part *part = first_plain(scene->msg);
    char seen[STOCK_LABELS][STOCK_LABEL];
    size_t lens[STOCK_LABELS], count = 0;
    struct span rest = part != NULL ? part->text : SPAN(""), line;

    if (call->arguments[0].number == 0)
        return true;
    while (count < STOCK_LABELS && scene_line(&rest, &line)) {
        size_t len = label_of(line, seen[count]);
        bool is_new = len > 0;
        for (size_t i = 0; is_new && i < count; i++)
            is_new = lens[i] != len || memcmp(seen[i], seen[count], len) != 0;
        if (is_new &&
            scene_match(scene, EVAL_STOCK_WORD, (struct span){seen[count], len}))
            lens[count++] = len;
    }
    return (double)count >= call->arguments[0].number;
}

static bool check_body_length(struct eval_scene *scene, const struct eval_call *call)
{
    return (double)scene->msg->body_bytes <= call->arguments[0].number;
}

/* ---- signatures ---- */

/* Where the last "-- " line of the first plain text stands: bytes before and after. */
static bool measure_signature(struct eval_scene *scene, double *body, double *signature)
{
    const struct part *part = first_plain(scene->msg);
    struct span rest, line;

    if (part == NULL)
        return false;
    *body = (double)part->text.len;
    *signature = 0;
    rest = part->text;
    while (scene_line(&rest, &line))
        if ((span_eq(line, SPAN("--")) || span_eq(line, SPAN("-- "))) && rest.len > 3) {
            *body = (double)(line.at - part->text.at);
            *signature = (double)rest.len + 1;
        }
    return true;
}

static bool is_in(const struct eval_call *call, double value)
{
    return value >= call->arguments[0].number &&
           (call->arguments[1].is_open || value <= call->arguments[1].number);
}

static bool plain_body_length(struct eval_scene *scene, const struct eval_call *call)
{
    double body, signature;

    return measure_signature(scene, &body, &signature) && is_in(call, body);
}

static bool plain_sig_length(struct eval_scene *scene, const struct eval_call *call)
{
    double body, signature;

    return measure_signature(scene, &body, &signature) && is_in(call, signature);
}

static bool plain_sig_ratio(struct eval_scene *scene, const struct eval_call *call)
{
    double body, signature;

    return measure_signature(scene, &body, &signature) &&
           is_in(call, signature > 0 ? body / signature : 1e6);
}

static const struct eval_function functions[] = {
    {"multipart_alternative_difference", "nn", NULL, alternative_difference,
     "Such a percentage of the HTML's different words is not in the plain text."},
    {"multipart_alternative_difference_count", "nn", NULL, alternative_count,
     "The plain text has more than so many times the HTML's different words, of which "
     "there are more than so many."},
    {"check_blank_line_ratio", "nn|n", NULL, blank_line_ratio,
     "Such a percentage of the lines, of which there are at least so many, is blank."},
    {"tvd_vertical_words", "nn", NULL, vertical_words,
     "So many blanks for each hundred other characters stand in a paragraph, at most."},
    {"check_stock_info", "n", NULL, check_stock_info,
     "The plain text has so many labels of a stock tip, such as Symbol: and Target:."},
    {"check_body_length", "n", NULL, check_body_length,
     "The body has at most so many bytes."},
    {"plaintext_body_length", "n|n", NULL, plain_body_length,
     "The first plain text has so many bytes before its signature."},
    {"plaintext_sig_length", "n|n", NULL, plain_sig_length,
     "The signature of the first plain text has so many bytes."},
    {"plaintext_body_sig_ratio", "n|n", NULL, plain_sig_ratio,
     "The first plain text is so many times as long as its signature."},
};

const struct eval_module outgate_eval_body = {"BodyEval", functions,
                                              sizeof functions / sizeof functions[0]};
