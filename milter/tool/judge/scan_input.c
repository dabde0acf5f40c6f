/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/scan_input.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

enum {
    PIECE_BYTES = 1 << 16, /* read at once; a longer line comes in pieces */
    MAIL_BYTES =
        256 << 20, /* most of one mail that is read: no MTA takes more. chosen */
};

struct scan_reader {
    const struct scan_file *file;
    FILE *in;
    char piece[PIECE_BYTES];
    size_t start, end;  /* unread bytes of piece */
    bool at_line_start; /* the next piece begins a line */
    bool after_empty;   /* the line before it was empty, or there was none */
    bool is_mbox, is_over, has_failed;
    int open_errno; /* why in is NULL */
    unsigned number;
};

static int add_file(struct scan_list *list, const char *path, uint64_t bytes,
                    const char *error)
{
    if (list->count == list->room) {
        size_t room = list->room > 0 ? list->room * 2 : 256;
        struct scan_file *at = arena_array(list->arena, room, sizeof *at);
        if (at == NULL)
            return -1;
        if (list->count > 0)
            memcpy(at, list->at, list->count * sizeof *at);
        list->at = at;
        list->room = room;
    }
    struct scan_file *file = &list->at[list->count++];
    file->path = span_cstr(list->arena, span_of(path));
    file->bytes = bytes;
    file->error = error != NULL ? span_cstr(list->arena, span_of(error)) : NULL;
    list->bytes += bytes;
    return file->path[0] != '\0' || path[0] == '\0' ? 0 : -1;
}

/* A folder with both cur and new. */
static bool is_maildir(const char *path)
{
    static const char *const parts[] = {"cur", "new"};
    char name[4096];
    struct stat st;
    for (size_t i = 0; i < 2; i++) {
        int len = snprintf(name, sizeof name, "%s/%s", path, parts[i]);
        if (len < 0 || len >= (int)sizeof name || stat(name, &st) != 0 ||
            !S_ISDIR(st.st_mode))
            return false;
    }
    return true;
}

/* What may be passed over. fts_number of a folder: 1 if it is a Maildir. */
static bool is_passed_over(const FTSENT *entry)
{
    bool is_folder = entry->fts_info == FTS_D;
    if (entry->fts_level == 0)
        return false;
    if (entry->fts_parent->fts_number == 1) /* cur, new and .subfolders alone */
        return !is_folder ||
               (strcmp(entry->fts_name, "cur") != 0 &&
                strcmp(entry->fts_name, "new") != 0 &&
                (entry->fts_name[0] != '.' || !is_maildir(entry->fts_path)));
    return entry->fts_name[0] == '.';
}

/* A link to a file is that file; one to a folder inside a folder is not followed. */
static int visit_link(struct scan_list *list, const FTSENT *entry)
{
    struct stat st;
    if (stat(entry->fts_path, &st) != 0)
        return add_file(list, entry->fts_path, 0, strerror(errno));
    return S_ISREG(st.st_mode)
               ? add_file(list, entry->fts_path, (uint64_t)st.st_size, NULL)
               : 0;
}

static int visit(struct scan_list *list, FTS *tree, FTSENT *entry)
{
    if (is_passed_over(entry)) {
        fts_set(tree, entry, FTS_SKIP);
        return 0;
    }
    switch (entry->fts_info) {
    case FTS_D:
        entry->fts_number = is_maildir(entry->fts_path);
        return 0;
    case FTS_F:
        return add_file(list, entry->fts_path, (uint64_t)entry->fts_statp->st_size,
                        NULL);
    case FTS_SL:
        return visit_link(list, entry);
    case FTS_DEFAULT: /* a pipe or device counts when it was named */
        return entry->fts_level == 0 ? add_file(list, entry->fts_path, 0, NULL) : 0;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
    case FTS_SLNONE:
        return add_file(list, entry->fts_path, 0, strerror(entry->fts_errno));
    default:
        return 0;
    }
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk(struct scan_list *list, const char *word)
{
    char *path = strdup(word);
    char *const paths[] = {path, NULL};
    FTS *tree =
        path != NULL
            ? fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name)
            : NULL;
    int result = tree != NULL ? 0 : -1;
    FTSENT *entry;
    while (result == 0 && (entry = fts_read(tree)) != NULL)
        result = visit(list, tree, entry);
    if (tree != NULL)
        fts_close(tree);
    free(path);
    return result;
}

int scan_collect(struct scan_list *list, struct arena *arena, const char *const *words,
                 size_t count, struct err *err)
{
    int result = 0;
    *list = (struct scan_list){.arena = arena};
    if (count == 0)
        result = add_file(list, "-", 0, NULL);
    for (size_t i = 0; i < count && result == 0; i++) {
        if (strcmp(words[i], "-") == 0)
            result = add_file(list, "-", 0, NULL);
        else if (words[i][0] == '\0')
            result = add_file(list, "", 0, "an empty name names no file");
        else
            result = walk(list, words[i]);
    }
    return result == 0 ? 0
                       : err_set(err, ERR_MEMORY, "no memory for the list of files");
}

struct scan_reader *scan_open(const struct scan_file *file)
{
    struct scan_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->file = file;
    reader->at_line_start = reader->after_empty = true;
    if (file->error == NULL)
        reader->in = strcmp(file->path, "-") == 0 ? stdin : fopen(file->path, "re");
    reader->open_errno = file->error == NULL && reader->in == NULL ? errno : 0;
    return reader;
}

void scan_close(struct scan_reader **reader)
{
    if (*reader != NULL && (*reader)->in != NULL && (*reader)->in != stdin)
        fclose((*reader)->in);
    free(*reader);
    *reader = NULL;
}

/* Have a whole line in the buffer, or as much as fits; its length, 0 at the end. */
static size_t fill_piece(struct scan_reader *r)
{
    for (;;) {
        const char *at = r->piece + r->start;
        const char *newline = memchr(at, '\n', r->end - r->start);
        if (newline != NULL)
            return (size_t)(newline - at) + 1;
        if (r->end - r->start == PIECE_BYTES)
            return PIECE_BYTES;
        memmove(r->piece, at, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
        size_t got = fread(r->piece + r->end, 1, PIECE_BYTES - r->end, r->in);
        r->end += got;
        if (got == 0) {
            r->has_failed = ferror(r->in) != 0;
            return r->end;
        }
    }
}

/* "From bob@example.com Sat Jan 31 09:12:44 2026": a word, and a time of day.
 * RFC 4155 appendix A. */
static bool is_from_line(struct span line)
{
    if (!span_starts(line, SPAN("From ")) || line.len < 12)
        return false;
    for (size_t i = 7; i + 2 < line.len; i++)
        if (line.at[i] == ':' && ascii_is_digit(line.at[i - 1]) &&
            ascii_is_digit(line.at[i + 1]))
            return true;
    return false;
}

static bool append(struct scan_mail *mail, size_t *room, const char *at, size_t len)
{
    if (len > MAIL_BYTES - mail->len) {
        len = MAIL_BYTES - mail->len;
        mail->is_cut = true;
    }
    if (mail->len + len > *room) {
        size_t want = *room * 2 > mail->len + len ? *room * 2 : mail->len + len;
        char *bytes = realloc(mail->bytes, want);
        if (bytes == NULL)
            return false;
        mail->bytes = bytes;
        *room = want;
    }
    if (len > 0)
        memcpy(mail->bytes + mail->len, at, len);
    mail->len += len;
    return true;
}

/* Whether the piece at hand begins the next mail of an mbox. */
static bool begins_mail(const struct scan_reader *r, struct span piece,
                        const struct scan_mail *mail)
{
    return r->is_mbox && mail->len > 0 && r->at_line_start && r->after_empty &&
           is_from_line(piece);
}

static void read_mail(struct scan_reader *r, struct scan_mail *mail)
{
    size_t room = 0, len;
    while ((len = fill_piece(r)) > 0) {
        struct span piece = {r->piece + r->start, len};
        if (r->number == 1 && mail->len == 0)
            r->is_mbox = is_from_line(piece);
        if (begins_mail(r, piece, mail))
            return;
        if (!append(mail, &room, piece.at, len)) {
            snprintf(mail->error, sizeof mail->error, "out of memory");
            break;
        }
        bool ends = piece.at[len - 1] == '\n';
        r->after_empty = r->at_line_start && span_trim(piece).len == 0;
        r->at_line_start = ends;
        r->start += len;
    }
    r->is_over = true;
}

bool scan_next(struct scan_reader *r, struct scan_mail *mail)
{
    *mail = (struct scan_mail){.path = r->file->path, .number = ++r->number};
    if (r->is_over)
        return false;
    if (r->in == NULL) {
        r->is_over = true;
        snprintf(mail->error, sizeof mail->error, "%s",
                 r->file->error != NULL ? r->file->error : strerror(r->open_errno));
        return true;
    }
    errno = 0;
    read_mail(r, mail);
    mail->is_one_of_many = r->is_mbox && (r->number > 1 || !r->is_over);
    if (r->has_failed)
        snprintf(mail->error, sizeof mail->error, "%s", strerror(errno));
    return true;
}
