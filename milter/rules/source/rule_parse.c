/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/source/rule_parse.h"

#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/source/rule_condition.h"
#include "rules/source/rule_file.h"
#include "rules/source/rule_line.h"
#include "rules/source/rule_words.h"

/* Chosen. Source bytes: all files and what is made of them. */
enum { SOURCE_BYTES = 1 << 28, IF_DEPTH = 64, WORD_BYTES = 64 };

struct condition {
    unsigned line;
    bool was_active; /* around the if */
    bool is_true;
    bool has_else;
};

/* A file that is being read. */
struct frame {
    struct rule_place place;
    struct span rest;
    struct condition conditions[IF_DEPTH];
    size_t condition_count;
    bool is_active; /* lines count */
};

struct reader {
    struct rule_source *source;
    struct frame *frames; /* includes: the innermost last */
    size_t depth;
};

int rule_source_init(struct rule_source *source, struct err *err)
{
    *source = (struct rule_source){.arena = arena_new(SOURCE_BYTES)};
    if (source->arena == NULL)
        return err_set(err, ERR_MEMORY, "no memory for rules");
    source->table.arena = source->arena;
    source->tags.arena = source->arena;
    source->links.domains.arena = source->arena;
    source->remarks.arena = source->arena;
    eval_settings_init(&source->evals, source->arena);
    source->reads_includes = true;
    source->noted = arena_alloc(source->arena, RULE_SETTINGS_MAX);
    if (source->noted == NULL) {
        rule_source_clear(source);
        return err_set(err, ERR_MEMORY, "no memory for rules");
    }
    return 0;
}

void rule_source_clear(struct rule_source *source)
{
    arena_free(&source->arena);
    *source = (struct rule_source){0};
}

static void remark_error(struct rule_source *source, const struct rule_place *place,
                         const struct err *err)
{
    rule_remark_add(&source->remarks, REMARK_ERROR, place, "%s", err->text);
}

static void push_frame(struct reader *reader, const char *file, struct span text)
{
    struct rule_source *source = reader->source;
    struct frame *frame = &reader->frames[reader->depth];

    memset(frame, 0, sizeof *frame);
    frame->place.file = span_dup(source->arena, span_of(file)).at;
    frame->place.file_order = source->file_count++;
    frame->rest = text;
    frame->is_active = true;
    reader->depth++;
}

/* include FILE, relative to the folder of the file that says so. */
static void include(struct reader *reader, struct frame *frame, struct span value)
{
    struct rule_source *source = reader->source;
    const char *slash = strrchr(frame->place.file, '/');
    char path[1024];
    struct span text;
    struct err err;
    int n;

    if (value.len == 0 || !source->reads_includes)
        rule_remark_add(&source->remarks, REMARK_ERROR, &frame->place,
                        "include: no file");
    else if (reader->depth > BOUND_INCLUDE_DEPTH)
        rule_remark_add(&source->remarks, REMARK_ERROR, &frame->place,
                        "more than %d includes within each other", BOUND_INCLUDE_DEPTH);
    else if (source->file_count >= BOUND_RULE_FILES)
        rule_remark_add(&source->remarks, REMARK_ERROR, &frame->place,
                        "more than %d rule files", BOUND_RULE_FILES);
    else {
        int folder = value.at[0] == '/' || slash == NULL
                         ? 0
                         : (int)(slash + 1 - frame->place.file);
        n = snprintf(path, sizeof path, "%.*s%.*s", folder, frame->place.file,
                     (int)(value.len < sizeof path ? value.len : sizeof path),
                     value.at);
        if (n < 0 || (size_t)n >= sizeof path)
            rule_remark_add(&source->remarks, REMARK_ERROR, &frame->place,
                            "include: the name is too long");
        else if (rule_file_read(source->arena, path, &text, &err) != 0)
            remark_error(source, &frame->place, &err);
        else
            push_frame(reader, path, text);
    }
}

static void push_condition(struct reader *reader, struct frame *frame, bool is_true)
{
    if (frame->condition_count == IF_DEPTH) {
        rule_remark_add(&reader->source->remarks, REMARK_ERROR, &frame->place,
                        "more than %d ifs within each other", IF_DEPTH);
        return;
    }
    frame->conditions[frame->condition_count++] = (struct condition){
        .line = frame->place.line, .was_active = frame->is_active, .is_true = is_true};
    frame->is_active = frame->is_active && is_true;
}

static void take_if(struct reader *reader, struct frame *frame, struct span value,
                    bool is_plugin)
{
    struct rule_source *source = reader->source;
    bool is_true = false;
    struct err err;

    if (!frame->is_active)
        is_true = false; /* what is not there cannot be wrong */
    else if (value.len == 0)
        rule_remark_add(&source->remarks, REMARK_ERROR, &frame->place,
                        "if: the condition is missing");
    else if (is_plugin)
        is_true = rule_condition_has_plugin(value, source->has_authentication);
    else if (rule_condition_test(source->arena, value, source->has_authentication,
                                 &is_true, &err) != 0)
        remark_error(source, &frame->place, &err);
    push_condition(reader, frame, is_true);
}

static void take_else(struct reader *reader, struct frame *frame)
{
    struct condition *top = frame->condition_count > 0
                                ? &frame->conditions[frame->condition_count - 1]
                                : NULL;

    if (top == NULL || top->has_else) {
        rule_remark_add(&reader->source->remarks, REMARK_ERROR, &frame->place,
                        "else without if");
        return;
    }
    top->has_else = true;
    frame->is_active = top->was_active && !top->is_true;
}

static void take_endif(struct reader *reader, struct frame *frame)
{
    if (frame->condition_count == 0) {
        rule_remark_add(&reader->source->remarks, REMARK_ERROR, &frame->place,
                        "endif without if");
        return;
    }
    frame->is_active = frame->conditions[--frame->condition_count].was_active;
}

/* The words that steer reading. Returns false for any other. */
static bool take_steering(struct reader *reader, struct frame *frame, struct span word,
                          struct span value)
{
    if (span_eq(word, SPAN("if")))
        take_if(reader, frame, value, false);
    else if (span_eq(word, SPAN("ifplugin")))
        take_if(reader, frame, value, true);
    else if (span_eq(word, SPAN("else")))
        take_else(reader, frame);
    else if (span_eq(word, SPAN("endif")))
        take_endif(reader, frame);
    else if (span_eq(word, SPAN("include"))) {
        if (frame->is_active)
            include(reader, frame, value);
    } else
        return false;
    return true;
}

static size_t space_at(struct span line)
{
    size_t i = 0;

    while (i < line.len && !ascii_is_space(line.at[i]))
        i++;
    return i;
}

/* Without comment; `\#` becomes '#'. */
static struct span uncomment(struct arena *arena, struct span line)
{
    size_t kept = 0;
    bool is_quoted = false;
    char *copy;

    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] != '#')
            continue;
        if (i == 0 || line.at[i - 1] != '\\') {
            line.len = i;
            break;
        }
        is_quoted = true;
    }
    if (!is_quoted)
        return line;
    copy = arena_alloc(arena, line.len + 1);
    if (copy == NULL)
        return (struct span){"", 0};
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != '\\' || i + 1 == line.len || line.at[i + 1] != '#')
            copy[kept++] = line.at[i];
    return (struct span){copy, kept};
}

/* `lang XX` before a line: false when it is for another language than English. */
static bool strip_language(struct span *line)
{
    struct span rest, tag;

    if (!span_starts(*line, SPAN("lang")) || line->len < 5 ||
        !ascii_is_space(line->at[4]))
        return true;
    rest = span_trim(span_from(*line, 4));
    tag = (struct span){rest.at, space_at(rest)};
    *line = span_trim(span_from(rest, tag.len));
    return span_istarts(SPAN("en_US"), tag) || span_ieq(tag, SPAN("C"));
}

static struct span normal_word(struct span word, char *room)
{
    if (word.len > WORD_BYTES)
        word.len = WORD_BYTES;
    for (size_t i = 0; i < word.len; i++)
        room[i] = word.at[i] == '-' ? '_' : ascii_lower(word.at[i]);
    return (struct span){room, word.len};
}

static void take_line(struct reader *reader, struct frame *frame, struct span line)
{
    char room[WORD_BYTES];
    struct span word, value;
    size_t at;

    if (line.len > BOUND_RULE_LINE_BYTES) {
        rule_remark_add(&reader->source->remarks, REMARK_ERROR, &frame->place,
                        "the line is longer than %d bytes", BOUND_RULE_LINE_BYTES);
        return;
    }
    line = span_trim(uncomment(reader->source->arena, line));
    if (line.len == 0 || !strip_language(&line) || line.len == 0)
        return;
    at = space_at(line);
    word = normal_word((struct span){line.at, at}, room);
    value = span_trim(span_from(line, at));
    if (take_steering(reader, frame, word, value) || !frame->is_active)
        return;
    rule_line_take(reader->source, &frame->place, word, value);
}

static void pop_frame(struct reader *reader)
{
    struct frame *frame = &reader->frames[reader->depth - 1];

    for (size_t i = 0; i < frame->condition_count; i++) {
        struct rule_place place = frame->place;
        place.line = frame->conditions[i].line;
        rule_remark_add(&reader->source->remarks, REMARK_ERROR, &place,
                        "if without endif");
    }
    reader->depth--;
}

void rule_parse_text(struct rule_source *source, const char *file, struct span text)
{
    struct reader reader = {.source = source};

    reader.frames =
        arena_array(source->arena, BOUND_INCLUDE_DEPTH + 1, sizeof *reader.frames);
    if (reader.frames == NULL)
        return;
    push_frame(&reader, file, text);
    while (reader.depth > 0) {
        struct frame *frame = &reader.frames[reader.depth - 1];
        struct span line, rest;
        if (frame->rest.len == 0) {
            pop_frame(&reader);
            continue;
        }
        span_cut(frame->rest, '\n', &line, &rest);
        frame->rest = rest;
        frame->place.line++;
        take_line(&reader, frame, line);
    }
}

int rule_parse_path(struct rule_source *source, const char *path, struct err *err)
{
    const char **files;
    size_t count;

    if (rule_file_list(source->arena, path, &files, &count, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct span text;
        if (source->file_count >= BOUND_RULE_FILES)
            return err_set(err, ERR_CONFIG, "more than %d rule files",
                           BOUND_RULE_FILES);
        if (rule_file_read(source->arena, files[i], &text, err) != 0)
            return -1;
        rule_parse_text(source, files[i], text);
    }
    return arena_is_broken(source->arena) || arena_is_capped(source->arena)
               ? err_set(err, ERR_MEMORY, "no memory for the rules")
               : 0;
}
