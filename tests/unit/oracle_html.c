/* SPDX-License-Identifier: BSD-2-Clause
 *
 * oracle_html - html_parse against a tree parser (gumbo) on honest HTML.
 *
 *     oracle_html [FILE | DIR]...    (default: $srcdir/tests/data/html)
 *
 * Compares the words of all text, visible and hidden, as multisets (Jaccard), and the
 * numbers and values of link targets and image sources. Prints the files that differ
 * and a summary; exit 1 when the rates fall below what was measured. Files over
 * MOST_BYTES are passed over: the tree takes minutes on some.
 */
#include <dirent.h>
#include <gumbo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "message/html.h"

enum { MOST_BYTES = 300000, MOST_DEPTH = 400, ARENA_BYTES = 64 << 20 };

/* Measured on the mails of two public corpora: mean 0.998, 98.8 % alike. */
static const double LEAST_JACCARD = 0.99;
static const double LEAST_SAME = 0.9;

struct words {
    struct span *at;
    size_t count, room;
};

struct side {
    struct words text, links, images;
    struct buf all; /* the tree's text in one */
};

static struct {
    size_t files, same_links, same_images, same_text, skipped;
    double jaccard, own_us;
    size_t bytes;
} total;

static void add(struct words *words, struct span s)
{
    if (words->count == words->room) {
        words->room = words->room * 2 + 64;
        words->at = realloc(words->at, words->room * sizeof *words->at);
        if (words->at == NULL)
            abort();
    }
    words->at[words->count++] = s;
}

static bool is_letter(char c)
{
    return ascii_is_alnum(c) || (unsigned char)c >= 0x80;
}

static void add_words(struct words *words, struct span s)
{
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        while (i < s.len && is_letter(s.at[i]) &&
               !((unsigned char)s.at[i] == 0xc2 && i + 1 < s.len &&
                 (unsigned char)s.at[i + 1] == 0xa0))
            i++;
        if (i > from)
            add(words, (struct span){s.at + from, i - from});
        else
            i += (unsigned char)s.at[i] == 0xc2 ? 2 : 1;
    }
}

static int compare(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* Shared and all members of two multisets. */
static double jaccard(struct words *a, struct words *b)
{
    size_t shared = 0;
    if (a->count > 0)
        qsort(a->at, a->count, sizeof *a->at, compare);
    if (b->count > 0)
        qsort(b->at, b->count, sizeof *b->at, compare);
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        int order = span_compare(a->at[i], b->at[j]);
        shared += order == 0;
        i += order <= 0;
        j += order >= 0;
    }
    size_t all = a->count + b->count - shared;
    return all == 0 ? 1 : (double)shared / (double)all;
}

static struct span attribute(const GumboNode *node, const char *name)
{
    GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return span_of(found != NULL ? found->value : "");
}

/* As keep_target does: neither ends nor inner line breaks count. */
static struct span target(struct arena *arena, struct span s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t len = 0;
    if (out == NULL)
        return SPAN("");
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] != '\t' && s.at[i] != '\n' && s.at[i] != '\r')
            out[len++] = s.at[i];
    struct span kept = {out, len};
    while (kept.len > 0 && (unsigned char)kept.at[0] <= ' ')
        kept = span_from(kept, 1);
    while (kept.len > 0 && (unsigned char)kept.at[kept.len - 1] <= ' ')
        kept.len--;
    return span_head(kept, 4096);
}

static bool is_clone(const GumboNode *node)
{
    return (node->parse_flags & (GUMBO_INSERTION_ADOPTION_AGENCY_CLONED |
                                 GUMBO_INSERTION_RECONSTRUCTED_FORMATTING_ELEMENT)) !=
           0;
}

static void read_element(struct arena *arena, struct side *side, const GumboNode *node)
{
    GumboTag tag = node->v.element.tag;
    if ((tag == GUMBO_TAG_A || tag == GUMBO_TAG_AREA) && !is_clone(node)) {
        struct span href = target(arena, attribute(node, "href"));
        if (href.len > 0)
            add(&side->links, href);
    }
    if (tag == GUMBO_TAG_IMG)
        add(&side->images, target(arena, attribute(node, "src")));
}

static bool is_skipped(GumboTag tag)
{
    return tag == GUMBO_TAG_SCRIPT || tag == GUMBO_TAG_STYLE ||
           tag == GUMBO_TAG_TITLE || tag == GUMBO_TAG_IFRAME ||
           tag == GUMBO_TAG_NOEMBED || tag == GUMBO_TAG_NOFRAMES;
}

/* Elements that do not part words. */
static bool is_inline(GumboTag tag)
{
    static const GumboTag tags[] = {
        GUMBO_TAG_A,      GUMBO_TAG_B,     GUMBO_TAG_BIG,     GUMBO_TAG_CODE,
        GUMBO_TAG_EM,     GUMBO_TAG_FONT,  GUMBO_TAG_I,       GUMBO_TAG_NOBR,
        GUMBO_TAG_S,      GUMBO_TAG_SPAN,  GUMBO_TAG_STRIKE,  GUMBO_TAG_STRONG,
        GUMBO_TAG_SMALL,  GUMBO_TAG_TT,    GUMBO_TAG_U,       GUMBO_TAG_SUB,
        GUMBO_TAG_SUP,    GUMBO_TAG_IMG,   GUMBO_TAG_UNKNOWN, GUMBO_TAG_LABEL,
        GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE, GUMBO_TAG_META,    GUMBO_TAG_LINK,
        GUMBO_TAG_INPUT,  GUMBO_TAG_Q,     GUMBO_TAG_DEL,     GUMBO_TAG_INS,
        GUMBO_TAG_ABBR,   GUMBO_TAG_WBR,
    };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i] == tag)
            return true;
    return false;
}

/* The tree of an honest file is shallow; a deeper one is cut. */
static void walk(struct arena *arena, struct side *side, const GumboNode *node,
                 int depth)
{
    if (depth > MOST_DEPTH)
        return;
    if (node->type == GUMBO_NODE_WHITESPACE)
        buf_add_char(&side->all, ' ');
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_CDATA) {
        buf_add_span(&side->all, span_of(node->v.text.text));
        return;
    }
    const GumboVector *children = NULL;
    bool is_apart = false;
    if (node->type == GUMBO_NODE_DOCUMENT) {
        children = &node->v.document.children;
    } else if (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE) {
        read_element(arena, side, node);
        is_apart = !is_inline(node->v.element.tag);
        if (!is_skipped(node->v.element.tag))
            children = &node->v.element.children;
    }
    if (is_apart)
        buf_add_char(&side->all, ' ');
    for (unsigned i = 0; children != NULL && i < children->length; i++)
        walk(arena, side, children->data[i], depth + 1);
    if (is_apart)
        buf_add_char(&side->all, ' ');
}

static void read_own(struct side *side, const struct html *html)
{
    add_words(&side->text, html->text);
    add_words(&side->text, html->hidden);
    for (size_t i = 0; i < html->link_count; i++)
        if (html->links[i].origin == LINK_ANCHOR)
            add(&side->links, html->links[i].target);
    for (size_t i = 0; i < html->image_count; i++)
        add(&side->images, html->images[i].source);
}

static void clear(struct side *side)
{
    free(side->text.at);
    free(side->links.at);
    free(side->images.at);
}

static struct html *timed_parse(struct arena *arena, struct span text)
{
    struct timespec a;
    struct timespec b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    struct html *html = html_parse(arena, text, MOST_BYTES * 2);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    total.own_us +=
        (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
    total.bytes += text.len;
    return html;
}

static void check(const char *path, struct span text)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct side own = {0};
    struct side tree = {0};
    GumboOutput *output =
        gumbo_parse_with_options(&kGumboDefaultOptions, text.at, text.len);
    struct html *html = arena != NULL ? timed_parse(arena, text) : NULL;
    if (html == NULL || output == NULL)
        abort();
    read_own(&own, html);
    buf_init(&tree.all, arena, 4 * MOST_BYTES);
    walk(arena, &tree, output->document, 0);
    add_words(&tree.text, buf_span(&tree.all));
    double words = jaccard(&own.text, &tree.text);
    bool same_links = jaccard(&own.links, &tree.links) >= 1;
    bool same_images = jaccard(&own.images, &tree.images) >= 1;
    total.files++;
    total.jaccard += words;
    total.same_text += words >= 1;
    total.same_links += same_links;
    total.same_images += same_images;
    if (words < 1 || !same_links || !same_images)
        printf("%s: words %.3f (%zu, tree %zu) links %zu, tree %zu images %zu, "
               "tree %zu%s%s\n",
               path, words, own.text.count, tree.text.count, own.links.count,
               tree.links.count, own.images.count, tree.images.count,
               same_links ? "" : " LINKS", same_images ? "" : " IMAGES");
    clear(&own);
    clear(&tree);
    gumbo_destroy_output(&kGumboDefaultOptions, output);
    arena_free(&arena);
}

static void read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(MOST_BYTES + 1);
    if (file == NULL || text == NULL) {
        perror(path);
        exit(2);
    }
    size_t len = fread(text, 1, MOST_BYTES + 1, file);
    fclose(file);
    if (len > MOST_BYTES)
        total.skipped++;
    else
        check(path, (struct span){text, len});
    free(text);
}

static void read_path(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        read_file(path);
        return;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) <
            (int)sizeof name)
            read_file(name);
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    const char *srcdir = getenv("srcdir");
    char path[4096];
    if (snprintf(path, sizeof path, "%s/tests/data/html",
                 srcdir != NULL ? srcdir : ".") >= (int)sizeof path)
        return 2;
    if (argc < 2)
        read_path(path);
    for (int i = 1; i < argc; i++)
        read_path(argv[i]);
    if (total.files == 0)
        return 2;
    double count = (double)total.files;
    double mean = total.jaccard / count;
    printf("files %zu (passed over %zu), words: Jaccard mean %.4f, alike %.3f; links "
           "alike %.3f, images alike %.3f; %.1f us a part of %.2f KB\n",
           total.files, total.skipped, mean, (double)total.same_text / count,
           (double)total.same_links / count, (double)total.same_images / count,
           total.own_us / count, (double)total.bytes / count / 1000);
    return mean < LEAST_JACCARD || (double)total.same_links / count < LEAST_SAME ||
           (double)total.same_images / count < LEAST_SAME;
}
