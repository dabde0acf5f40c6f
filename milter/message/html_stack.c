/* SPDX-License-Identifier: BSD-2-Clause */
#include "message/html_stack.h"

enum {
    FONT_SIZE = 1600,   /* the root's, hundredths of a pixel */
    FONT_HIDDEN = 150,  /* no larger is not read: 1px, 1pt. chosen */
    OPACITY_HIDDEN = 5, /* percent, below. chosen */
    FAR_AWAY = -50000,  /* hundredths of a pixel: off every screen. chosen */
    REBUILD_MOST = 32, /* open elements whose look is worked out anew for one end tag */
    STEPS_LEAST = 10000, /* open elements looked at in search of one: so many, and */
    STEPS_PER_BYTE = 8,  /* more by the text's length, to stay linear. chosen */
    NO_PLACE = 0,
};

void html_stack_init(struct html_stack *stack, size_t text_bytes)
{
    stack->depth = 1;
    stack->steps_left = STEPS_LEAST + STEPS_PER_BYTE * text_bytes;
    stack->unkept = 0;
    stack->is_quirky = false;
    stack->is_bounded = false;
    for (int i = 0; i < STACK_BUCKETS; i++)
        stack->open_count[i] = 0;
    stack->open[0] = (struct html_open){
        .tag = TAG_BODY,
        .look = {.font_size = FONT_SIZE, .colour = 0, .background = 0xffffff},
    };
}

const struct html_look *html_stack_look(const struct html_stack *stack)
{
    return &stack->open[stack->depth - 1].look;
}

static bool is_zero(const struct html_style *style, enum html_property property)
{
    return html_style_has(style, property) && style->value[property] <= 0;
}

static bool is_on(const struct html_style *style, enum html_property property)
{
    return html_style_has(style, property) && style->value[property] != 0;
}

static bool is_far(const struct html_style *style, enum html_property property)
{
    return html_style_has(style, property) && style->value[property] <= FAR_AWAY;
}

/* The box shows nothing of what is inside, whatever that says. */
static bool hides_box(const struct html_style *style)
{
    if (is_on(style, PROPERTY_DISPLAY))
        return true;
    if (html_style_has(style, PROPERTY_OPACITY) &&
        style->value[PROPERTY_OPACITY] < OPACITY_HIDDEN)
        return true;
    if (is_on(style, PROPERTY_OVERFLOW) &&
        (is_zero(style, PROPERTY_HEIGHT) || is_zero(style, PROPERTY_MAX_HEIGHT) ||
         is_zero(style, PROPERTY_WIDTH) || is_zero(style, PROPERTY_MAX_WIDTH)))
        return true;
    if (is_far(style, PROPERTY_INDENT))
        return true;
    return is_on(style, PROPERTY_POSITION) &&
           (is_far(style, PROPERTY_LEFT) || is_far(style, PROPERTY_TOP));
}

static int32_t font_size(const struct html_look *parent, const struct html_style *style)
{
    if (html_style_has(style, PROPERTY_FONT_SIZE))
        return style->value[PROPERTY_FONT_SIZE];
    if (!html_style_has(style, PROPERTY_FONT_SCALE))
        return parent->font_size;
    int64_t size = (int64_t)parent->font_size * style->value[PROPERTY_FONT_SCALE] / 100;
    return size < 100000 ? (int32_t)size : 100000;
}

/* What the browser's own style sheet says before the author's. */
static struct html_look default_look(const struct html_look *parent,
                                     enum html_tag_id tag, bool is_quirky)
{
    struct html_look look = *parent;
    if (tag == TAG_BUTTON || tag == TAG_SELECT || tag == TAG_TEXTAREA) {
        look.colour = 0;
        look.background = COLOUR_MIXED;
    } else if (tag == TAG_MARK) {
        look.colour = 0;
        look.background = 0xffff00;
    } else if (tag == TAG_TABLE && is_quirky) {
        look.font_size = FONT_SIZE;
    }
    return look;
}

struct html_look html_look_of(const struct html_look *parent, enum html_tag_id tag,
                              const struct html_style *style, bool is_quirky)
{
    struct html_look look = default_look(parent, tag, is_quirky);
    if (style->set == 0)
        return look;
    look.is_gone |= hides_box(style);
    if (html_style_has(style, PROPERTY_VISIBILITY))
        look.is_invisible = style->value[PROPERTY_VISIBILITY] != 0;
    look.font_size = font_size(&look, style);
    if (html_style_has(style, PROPERTY_COLOUR))
        look.colour = style->value[PROPERTY_COLOUR];
    if (html_style_has(style, PROPERTY_BACKGROUND) &&
        style->value[PROPERTY_BACKGROUND] != COLOUR_CLEAR)
        look.background = style->value[PROPERTY_BACKGROUND];
    if (is_on(style, PROPERTY_BACKGROUND_IMAGE))
        look.background = COLOUR_MIXED;
    return look;
}

bool html_look_hides_text(const struct html_look *look)
{
    return look->is_gone || look->is_invisible || look->font_size <= FONT_HIDDEN ||
           look->colour == COLOUR_CLEAR ||
           html_style_is_near(look->colour, look->background);
}

void html_stack_style_page(struct html_stack *stack, const struct html_style *style)
{
    struct html_open *page = &stack->open[0];
    page->look = html_look_of(&page->look, TAG_BODY, style, stack->is_quirky);
}

static uint32_t name_hash(enum html_tag_id tag, struct span name)
{
    return tag != TAG_UNKNOWN ? 0 : span_ihash(SPAN_HASH_SEED, name);
}

static size_t bucket(enum html_tag_id tag, uint32_t hash)
{
    return tag != TAG_UNKNOWN ? (size_t)tag % STACK_BUCKETS
                              : TAG_COUNT + hash % (STACK_BUCKETS - TAG_COUNT);
}

_Static_assert((int)TAG_COUNT < STACK_BUCKETS, "every known tag has its own bucket");

/* Close all from place up. */
static void pop_from(struct html_stack *stack, size_t place)
{
    while (stack->depth > place) {
        const struct html_open *top = &stack->open[--stack->depth];
        stack->open_count[bucket(top->tag, top->hash)]--;
    }
}

/* One more open element is looked at; false when too many were. */
static bool take_step(struct html_stack *stack)
{
    if (stack->steps_left == 0) {
        stack->is_bounded = true;
        return false;
    }
    stack->steps_left--;
    return true;
}

/* Where the innermost such element is open, not looking past one with a flag of
 * barriers; NO_PLACE if nowhere. */
static size_t find_open(struct html_stack *stack, enum html_tag_id tag, uint32_t hash,
                        unsigned barriers)
{
    if (stack->open_count[bucket(tag, hash)] == 0)
        return NO_PLACE;
    for (size_t i = stack->depth - 1; i > 0 && take_step(stack); i--) {
        const struct html_open *open = &stack->open[i];
        if (open->tag == tag && open->hash == hash)
            return i;
        if ((html_tag_flags(open->tag) & barriers) != 0)
            return NO_PLACE;
    }
    return NO_PLACE;
}

bool html_stack_has(const struct html_stack *stack, enum html_tag_id tag)
{
    return stack->open_count[bucket(tag, 0)] > 0;
}

/* Close an element that is open inside the nearest table, cell or list. */
static void imply_end(struct html_stack *stack, enum html_tag_id tag,
                      enum html_tag_id fence, enum html_tag_id other_fence)
{
    if (stack->open_count[bucket(tag, 0)] == 0)
        return;
    for (size_t i = stack->depth - 1; i > 0 && take_step(stack); i--) {
        enum html_tag_id open = stack->open[i].tag;
        if (open == tag) {
            pop_from(stack, i);
            return;
        }
        if (open == fence || open == other_fence ||
            (fence != TAG_TABLE && (html_tag_flags(open) & TAG_SCOPE) != 0))
            return;
    }
}

/* What the start of the first closes, and inside what only. */
static const struct {
    enum html_tag_id start, closed, fence, other_fence;
} implied[] = {
    {TAG_LI, TAG_LI, TAG_UL, TAG_OL},
    {TAG_DD, TAG_DD, TAG_DL, TAG_UL},
    {TAG_DD, TAG_DT, TAG_DL, TAG_UL},
    {TAG_DT, TAG_DD, TAG_DL, TAG_UL},
    {TAG_DT, TAG_DT, TAG_DL, TAG_UL},
    {TAG_TD, TAG_TD, TAG_TABLE, TAG_TABLE},
    {TAG_TD, TAG_TH, TAG_TABLE, TAG_TABLE},
    {TAG_TH, TAG_TD, TAG_TABLE, TAG_TABLE},
    {TAG_TH, TAG_TH, TAG_TABLE, TAG_TABLE},
    {TAG_TR, TAG_TR, TAG_TABLE, TAG_TABLE},
    {TAG_TBODY, TAG_TBODY, TAG_TABLE, TAG_TABLE},
    {TAG_TBODY, TAG_THEAD, TAG_TABLE, TAG_TABLE},
    {TAG_TFOOT, TAG_TBODY, TAG_TABLE, TAG_TABLE},
    {TAG_OPTION, TAG_OPTION, TAG_SELECT, TAG_OPTGROUP},
    {TAG_BUTTON, TAG_BUTTON, TAG_TABLE, TAG_TABLE},
};

void html_stack_imply(struct html_stack *stack, enum html_tag_id tag)
{
    if ((html_tag_flags(tag) & TAG_ENDS_P) != 0)
        imply_end(stack, TAG_P, TAG_BUTTON, TAG_BUTTON);
    if (tag == TAG_A) {
        html_stack_close(stack, TAG_A, SPAN("a"));
        return;
    }
    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++)
        if (implied[i].start == tag)
            imply_end(stack, implied[i].closed, implied[i].fence,
                      implied[i].other_fence);
}

void html_stack_push(struct html_stack *stack, enum html_tag_id tag, struct span name,
                     const struct html_style *style)
{
    if (stack->depth == BOUND_HTML_DEPTH) {
        stack->unkept++;
        stack->is_bounded = true;
        return;
    }
    const struct html_look *parent = html_stack_look(stack);
    struct html_open *open = &stack->open[stack->depth++];
    open->tag = tag;
    open->hash = name_hash(tag, name);
    open->style.set = style->set;
    if (style->set != 0)
        open->style = *style;
    open->look = html_look_of(parent, tag, style, stack->is_quirky);
    stack->open_count[bucket(tag, open->hash)]++;
}

/* Take one element out from under those opened inside of it, which stay open and
 * look as they do without it: what the adoption agency comes to. */
static void take_out(struct html_stack *stack, size_t place)
{
    stack->open_count[bucket(stack->open[place].tag, stack->open[place].hash)]--;
    stack->depth--;
    for (size_t i = place; i < stack->depth; i++) {
        struct html_open *open = &stack->open[i];
        *open = stack->open[i + 1];
        open->look = html_look_of(&stack->open[i - 1].look, open->tag, &open->style,
                                  stack->is_quirky);
    }
}

void html_stack_close(struct html_stack *stack, enum html_tag_id tag, struct span name)
{
    unsigned flags = html_tag_flags(tag);
    if (stack->unkept > 0) {
        stack->unkept--;
        return;
    }
    uint32_t hash = name_hash(tag, name);
    size_t place = find_open(stack, tag, hash, (flags & TAG_GRID) != 0 ? 0 : TAG_SCOPE);
    if (place == NO_PLACE)
        return;
    if ((flags & TAG_FORMAT) != 0 && stack->depth - place <= REBUILD_MOST)
        take_out(stack, place);
    else
        pop_from(stack, place);
}
