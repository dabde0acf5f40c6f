/* SPDX-License-Identifier: BSD-2-Clause
 *
 * eval_image - ImageInfo: the GIF, PNG and JPEG images that a message brings along.
 * Source: behaviour of Mail::SpamAssassin::Plugin::ImageInfo; GIF89a 18; PNG 11.2.2;
 * ITU-T T.81 B.2.2.
 */
#include <string.h>

#include "rules/eval/eval_function.h"

enum { IMAGES_MOST = 500 };

static const char *const types[] = {"all", "gif", "png", "jpeg", NULL};
enum { TYPE_ALL, TYPE_GIF, TYPE_PNG, TYPE_JPEG, TYPES };

struct one_image {
    int type;
    double width, height; /* 0: cannot be told */
    struct span name;
};

struct eval_images {
    struct one_image at[IMAGES_MOST];
    size_t count;
};

static unsigned byte_at(struct span s, size_t at)
{
    return at < s.len ? (unsigned char)s.at[at] : 0;
}

static double big(struct span s, size_t at, size_t bytes)
{
    double value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value * 256 + byte_at(s, at + i);
    return value;
}

static void measure_gif(struct span s, struct one_image *image)
{
    if (s.len < 10 ||
        (!span_starts(s, SPAN("GIF87a")) && !span_starts(s, SPAN("GIF89a"))))
        return;
    image->width = byte_at(s, 6) + 256.0 * byte_at(s, 7);
    image->height = byte_at(s, 8) + 256.0 * byte_at(s, 9);
}

static void measure_png(struct span s, struct one_image *image)
{
    if (s.len < 24 || !span_starts(s, SPAN("\x89PNG\r\n\x1a\n")) ||
        memcmp(s.at + 12, "IHDR", 4) != 0)
        return;
    image->width = big(s, 16, 4);
    image->height = big(s, 20, 4);
}

/* The frame header, behind segments of a length each. */
static void measure_jpeg(struct span s, struct one_image *image)
{
    size_t at = 2;

    if (!span_starts(s, SPAN("\xff\xd8")))
        return;
    while (at + 9 <= s.len && byte_at(s, at) == 0xff) {
        unsigned mark = byte_at(s, at + 1);
        size_t len = (size_t)big(s, at + 2, 2);
        if (mark == 0xda || mark == 0xd9 || len < 2)
            return;
        if (mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 &&
            mark != 0xcc) {
            image->height = big(s, at + 5, 2);
            image->width = big(s, at + 7, 2);
            return;
        }
        at += 2 + len;
    }
}

static int type_of(const struct part *part)
{
    if (!span_eq(part->type, SPAN("image")))
        return TYPE_ALL;
    if (span_eq(part->subtype, SPAN("gif")))
        return TYPE_GIF;
    if (span_eq(part->subtype, SPAN("png")))
        return TYPE_PNG;
    return span_eq(part->subtype, SPAN("jpeg")) || span_eq(part->subtype, SPAN("jpg"))
               ? TYPE_JPEG
               : TYPE_ALL;
}

static void add_image(struct eval_images *images, const struct part *part, int type)
{
    struct one_image *image = &images->at[images->count++];

    *image = (struct one_image){.type = type, .name = part->filename};
    if (type == TYPE_GIF)
        measure_gif(part->content, image);
    else if (type == TYPE_PNG)
        measure_png(part->content, image);
    else
        measure_jpeg(part->content, image);
    if (image->width == 0 || image->height == 0)
        image->width = image->height = 0;
}

static const struct eval_images *images_of(struct eval_scene *scene)
{
    static const struct eval_images none;
    const struct message *msg = scene->msg;

    if (scene->images != NULL)
        return scene->images;
    scene->images = arena_alloc(msg->arena, sizeof *scene->images);
    if (scene->images == NULL)
        return &none;
    for (size_t i = 0; i < msg->part_count && scene->images->count < IMAGES_MOST; i++) {
        const struct part *part = &msg->parts[i];
        int type = type_of(part);
        if (type != TYPE_ALL && span_eq(part->encoding, SPAN("base64")))
            add_image(scene->images, part, type);
    }
    return scene->images;
}

static bool is_of(const struct one_image *image, int type)
{
    return type == TYPE_ALL || image->type == type;
}

/* min <= value <= max. */
static bool is_in(const struct eval_argument *min, const struct eval_argument *max,
                  double value)
{
    return (min->is_open || value >= min->number) &&
           (max->is_open || value <= max->number);
}

static bool image_count(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_images *images = images_of(scene);
    size_t count = 0;

    for (size_t i = 0; i < images->count; i++)
        count += is_of(&images->at[i], call->arguments[0].id);
    return is_in(&call->arguments[1], &call->arguments[2], (double)count);
}

static double area_of(const struct eval_images *images, int type)
{
    double area = 0;

    for (size_t i = 0; i < images->count; i++)
        if (is_of(&images->at[i], type))
            area += images->at[i].width * images->at[i].height;
    return area;
}

static bool pixel_coverage(struct eval_scene *scene, const struct eval_call *call)
{
    return is_in(&call->arguments[1], &call->arguments[2],
                 area_of(images_of(scene), call->arguments[0].id));
}

static bool image_to_text(struct eval_scene *scene, const struct eval_call *call)
{
    double area = area_of(images_of(scene), call->arguments[0].id), bytes = 0;
    const struct rule_texts *body;

    if (area == 0)
        return false;
    body = scene_body(scene);
    for (size_t i = 0; i < body->count; i++)
        bytes += (double)body->at[i].bytes.len;
    return bytes > 0 &&
           eval_is_between(&call->arguments[1], &call->arguments[2], bytes / area);
}

static bool image_size_exact(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_images *images = images_of(scene);

    for (size_t i = 0; i < images->count; i++)
        if (is_of(&images->at[i], call->arguments[0].id) && images->at[i].height > 0 &&
            images->at[i].height == call->arguments[1].number &&
            images->at[i].width == call->arguments[2].number)
            return true;
    return false;
}

static bool image_size_range(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_images *images = images_of(scene);

    for (size_t i = 0; i < images->count; i++)
        if (is_of(&images->at[i], call->arguments[0].id) && images->at[i].height > 0 &&
            is_in(&call->arguments[1], &call->arguments[3], images->at[i].height) &&
            is_in(&call->arguments[2], &call->arguments[4], images->at[i].width))
            return true;
    return false;
}

static bool image_named(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_images *images = images_of(scene);

    for (size_t i = 0; i < images->count; i++)
        if (images->at[i].height > 0 &&
            span_eq(images->at[i].name, call->arguments[0].text))
            return true;
    return false;
}

static bool image_name_regex(struct eval_scene *scene, const struct eval_call *call)
{
    const struct eval_images *images = images_of(scene);

    for (size_t i = 0; i < images->count; i++)
        if (images->at[i].height > 0 && images->at[i].name.len > 0 &&
            scene_match_pattern(scene, call->arguments[0].pattern, images->at[i].name))
            return true;
    return false;
}

static const struct eval_function functions[] = {
    {"image_count", "in|n", types, image_count, "So many images of that type."},
    {"pixel_coverage", "in|n", types, pixel_coverage,
     "All images of that type have so many pixels together."},
    {"image_to_text_ratio", "inn", types, image_to_text,
     "So many bytes of text for each pixel of that type."},
    {"image_size_exact", "inn", types, image_size_exact,
     "An image of that type is so high and so wide."},
    {"image_size_range", "inn|nn", types, image_size_range,
     "An image of that type is at least so high and wide, at most so high and wide."},
    {"image_named", "t", NULL, image_named, "An image has that file name."},
    {"image_name_regex", "r", NULL, image_name_regex, "An image's file name matches."},
};

const struct eval_module outgate_eval_image = {"ImageInfo", functions,
                                               sizeof functions / sizeof functions[0]};
