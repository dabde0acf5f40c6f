/* SPDX-License-Identifier: BSD-2-Clause
 *
 * oracle_mime - do outgate's MIME reader and GMime see the same mail?
 *
 * oracle_mime [-v] [-r RATE] FILE|DIRECTORY...
 * Compares, of each mail, the decoded Subject and the leaf parts: type, decoded size,
 * file name, text as UTF-8. Prints the mails that differ and a summary. Exit 1 when
 * fewer than RATE percent (default: what honest mail was measured to reach) agree.
 */
#include <dirent.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message/message.h"

/* Measured on 6046 + 1942 real mails; see the differences that oracle_mime -v names.
 */
static double least_percent = 99.0;
static bool is_verbose;

enum { ARENA_BYTES = 256 << 20, SCAN_BYTES = 64 << 20, LEAVES = 600 };

static const char *const kinds[] = {"none", "count",   "type", "size",
                                    "name", "subject", "text"};
enum kind { SAME = 0, COUNT, TYPE, SIZE, NAME, SUBJECT, TEXT, KINDS };

struct tally {
    unsigned files, same, skipped;
    unsigned by_kind[KINDS];
};

struct leaves {
    GMimePart *at[LEAVES];
    size_t count;
};

static struct span of(const char *s)
{
    return span_trim(span_of(s));
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n' || c == '\0';
}

/* Same text but for line ends, NULs and white space around it; with is_loose, but for
 * 8-bit bytes and what was put in their place. */
static bool same_text(struct span a, struct span b, bool is_loose)
{
    size_t i = 0;
    size_t k = 0;
    a = span_trim(a);
    b = span_trim(b);
    for (;;) {
        while (i < a.len && (is_line_end(a.at[i]) || (is_loose && a.at[i] < 0)))
            i++;
        while (k < b.len && (is_line_end(b.at[k]) || (is_loose && b.at[k] < 0)))
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (a.at[i++] != b.at[k++])
            return false;
    }
}

static void gather(GMimeMessage *message, struct leaves *out)
{
    GMimePartIter *iter = g_mime_part_iter_new((GMimeObject *)message);
    out->count = 0;
    do {
        GMimeObject *object = g_mime_part_iter_get_current(iter);
        if (object != NULL && GMIME_IS_PART(object) && out->count < LEAVES)
            out->at[out->count++] = (GMimePart *)object;
    } while (g_mime_part_iter_next(iter));
    g_mime_part_iter_free(iter);
}

static size_t content_bytes(GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (content == NULL)
        return 0;
    GMimeStream *stream = g_mime_stream_null_new();
    ssize_t written = g_mime_data_wrapper_write_to_stream(content, stream);
    g_object_unref(stream);
    return written > 0 ? (size_t)written : 0;
}

/* Where GMime drops or keeps what the charset does not have, and we read cp1252. */
static bool is_guessed(const struct part *part)
{
    return part->charset.len == 0 || span_ieq(part->charset, SPAN("us-ascii")) ||
           span_ieq(part->charset, SPAN("iso-8859-1"));
}

static enum kind compare_leaf(const struct part *ours, GMimePart *theirs)
{
    GMimeContentType *type = g_mime_object_get_content_type((GMimeObject *)theirs);
    if (!span_ieq(ours->type, of(g_mime_content_type_get_media_type(type))) ||
        !span_ieq(ours->subtype, of(g_mime_content_type_get_media_subtype(type))))
        return TYPE;
    size_t bytes = content_bytes(theirs);
    size_t more = ours->content_bytes > bytes ? ours->content_bytes - bytes
                                              : bytes - ours->content_bytes;
    if (more > 2)
        return SIZE;
    if (!span_eq(span_trim(ours->filename), of(g_mime_part_get_filename(theirs))))
        return NAME;
    if (!GMIME_IS_TEXT_PART(theirs))
        return SAME;
    char *text = g_mime_text_part_get_text((GMimeTextPart *)theirs);
    bool is_same =
        text != NULL && same_text(ours->text, span_of(text), is_guessed(ours));
    if (!is_same && is_verbose && text != NULL)
        for (size_t i = 0; i < ours->text.len; i++)
            if (ours->text.at[i] != text[i]) {
                size_t from = i > 10 ? i - 10 : 0;
                printf("    at %zu: %.30s | %.30s\n", i, ours->text.at + from,
                       text + from);
                break;
            }
    g_free(text);
    return is_same ? SAME : TEXT;
}

static enum kind compare(const struct message *msg, GMimeMessage *message)
{
    struct leaves theirs;
    size_t next = 0;
    gather(message, &theirs);
    struct span subject = message_value(msg, "Subject");
    if (!same_text(subject, of(g_mime_message_get_subject(message)), true)) {
        if (is_verbose)
            printf("    %.*s | %s\n", (int)subject.len, subject.at,
                   g_mime_message_get_subject(message));
        return SUBJECT;
    }
    for (size_t i = 0; i < msg->part_count; i++) {
        if (msg->parts[i].is_multipart)
            continue;
        if (next == theirs.count)
            return COUNT;
        enum kind kind = compare_leaf(&msg->parts[i], theirs.at[next++]);
        if (kind != SAME)
            return kind;
    }
    return next == theirs.count ? SAME : COUNT;
}

static char *read_all(const char *path, size_t *len)
{
    char *bytes = NULL;
    if (!g_file_get_contents(path, &bytes, len, NULL))
        return NULL;
    return bytes;
}

static void check_bytes(const char *path, char *bytes, size_t len, struct tally *tally)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct message *msg = message_new(arena, SCAN_BYTES);
    message_read(msg, (struct span){bytes, len});
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    bool is_mbox = len > 5 && memcmp(bytes, "From ", 5) == 0;
    g_mime_parser_set_format(parser,
                             is_mbox ? GMIME_FORMAT_MBOX : GMIME_FORMAT_MESSAGE);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    tally->files++;
    if (message == NULL) {
        tally->skipped++; /* GMime gives up: nothing to compare with */
    } else {
        enum kind kind = compare(msg, message);
        tally->by_kind[kind]++;
        tally->same += kind == SAME;
        if (kind != SAME)
            printf("%s: %s\n", path, kinds[kind]);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    arena_free(&arena);
}

static void check_file(const char *path, struct tally *tally)
{
    size_t len;
    char *bytes = read_all(path, &len);
    if (bytes == NULL)
        return;
    check_bytes(path, bytes, len, tally);
    g_free(bytes);
}

static void check_path(const char *path, struct tally *tally)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        check_file(path, tally);
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char file[4096];
        struct stat about;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (stat(file, &about) == 0 && S_ISREG(about.st_mode))
            check_file(file, tally);
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    char own[4096];
    int option;
    while ((option = getopt(argc, argv, "vr:")) != -1) {
        if (option == 'r')
            least_percent = atof(optarg);
        is_verbose |= option == 'v';
    }
    g_mime_init();
    for (int i = optind; i < argc; i++)
        check_path(argv[i], &tally);
    if (optind == argc) { /* as `make check` runs it */
        const char *srcdir = getenv("srcdir");
        snprintf(own, sizeof own, "%s/tests/data/mime", srcdir != NULL ? srcdir : ".");
        check_path(own, &tally);
        least_percent = 100;
    }
    unsigned compared = tally.files - tally.skipped;
    double percent = compared > 0 ? 100.0 * tally.same / compared : 0;
    printf("%u mails, %u not read by GMime, %u agree (%.2f %%)", tally.files,
           tally.skipped, tally.same, percent);
    for (int i = COUNT; i < KINDS; i++)
        printf(", %s %u", kinds[i], tally.by_kind[i]);
    printf("\n");
    g_mime_shutdown();
    return compared > 0 && percent >= least_percent ? 0 : 1;
}
