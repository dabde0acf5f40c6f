/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_html - HTML parts: scripts, forms, frames, comments, style. Pure.
 */
#include "facts/fact_input.h"

struct html_sum {
    size_t parts, bytes, text_bytes, comment_bytes;
    size_t tags, scripts, handlers, forms, inputs, passwords, iframes, styles;
    size_t truncated;
};

static void add_html(struct html_sum *sum, const struct part *part)
{
    const struct html *html = part->html;
    sum->parts++;
    sum->bytes += part->text.len;
    sum->text_bytes += html->text.len;
    sum->comment_bytes += html->comment_bytes;
    sum->tags += html->tag_count;
    sum->scripts += html->script_count;
    sum->handlers += html->handler_count;
    sum->forms += html->form_count;
    sum->inputs += html->input_count;
    sum->passwords += html->password_count;
    sum->iframes += html->iframe_count;
    sum->styles += html->style_count;
    sum->truncated += html->is_truncated;
}

static bool is_plain(const struct part *part)
{
    return span_eq(part->type, SPAN("text")) && span_eq(part->subtype, SPAN("plain")) &&
           !part->is_attachment && !part->is_multipart && span_trim(part->text).len > 0;
}

static double share(size_t part, size_t whole)
{
    return part >= whole ? whole > 0 : (double)part / (double)whole;
}

void fact_html(const struct fact_input *in, struct facts *out)
{
    struct html_sum sum = {0};
    bool has_plain = false;
    for (size_t i = 0; i < in->msg->part_count; i++) {
        const struct part *part = &in->msg->parts[i];
        has_plain |= is_plain(part);
        if (part->html != NULL)
            add_html(&sum, part);
    }
    FACT_SET(has_html, sum.parts > 0);
    FACT_SET(has_plain, has_plain);
    FACT_SET(html_only, sum.parts > 0 && !has_plain);
    FACT_SET(html_tags, sum.tags);
    FACT_SET(html_text_ratio, share(sum.text_bytes, sum.bytes));
    FACT_SET(html_comment_ratio, share(sum.comment_bytes, sum.bytes));
    FACT_SET(has_javascript, sum.scripts + sum.handlers > 0);
    FACT_SET(html_scripts, sum.scripts);
    FACT_SET(html_handlers, sum.handlers);
    FACT_SET(html_forms, sum.forms);
    FACT_SET(html_inputs, sum.inputs);
    FACT_SET(html_password_inputs, sum.passwords);
    FACT_SET(html_iframes, sum.iframes);
    FACT_SET(html_styles, sum.styles);
    FACT_SET(html_truncated, sum.truncated > 0);
}
