/* SPDX-License-Identifier: BSD-2-Clause
 *
 * fact_images - the images that HTML shows. Pure.
 */
#include "facts/fact_input.h"

enum { IMAGE_ONLY_WORDS_MOST = 10 }; /* as many as an image-only mail's footer has */

static size_t linked_images(const struct fact_input *in)
{
    size_t count = 0;
    for (size_t i = 0; i < in->link_count; i++)
        count += in->links[i].is_counted && in->links[i].link->has_image;
    return count;
}

void fact_images(const struct fact_input *in, struct facts *out)
{
    const struct message *msg = in->msg;
    size_t remote = 0;
    size_t embedded = 0;
    for (size_t i = 0; i < msg->image_count; i++) {
        remote += msg->images[i].is_remote;
        embedded += span_istarts(msg->images[i].source, SPAN("data:"));
    }
    FACT_SET(image_count, msg->image_count);
    FACT_SET(image_remote, remote);
    FACT_SET(image_embedded, embedded);
    FACT_SET(image_hidden, in->hidden_images);
    FACT_SET(image_linked, linked_images(in));
    if (in->shown_images > 0)
        FACT_SET(text_image_ratio, (double)in->text.words / (double)in->shown_images);
    FACT_SET(image_only,
             in->shown_images > 0 && in->text.words < IMAGE_ONLY_WORDS_MOST);
}
