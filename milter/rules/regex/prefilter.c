/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/regex/prefilter.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "rules/regex/chain_filter.h"

/* Until the automaton is built. */
struct wanted {
    struct literal string;
    unsigned member;
};

/* The strings as a tree: each node is a beginning of some. Node 0 is the root, and as
 * a link it is none. */
struct node {
    unsigned child, sibling;
    unsigned suffix; /* the row of its longest proper suffix that is one */
    unsigned output; /* 0 for none */
    unsigned char byte;
};

/* What is known where a string ends: its members, and those of its suffixes. */
struct output {
    unsigned first;   /* into links */
    unsigned counted; /* into links: members that want several places */
    unsigned next;    /* the output of the longest suffix that has one; 0 for none */
    bool is_counting; /* it, or a suffix's, has counted members */
};

struct link {
    unsigned member;
    unsigned next; /* 0 ends */
};

struct member {
    unsigned rule;  /* what it is called outside */
    unsigned times; /* in so many places must one of its strings end */
};

/* A step leads to where the next row begins; this bit says that it has an output. */
static const unsigned has_output = 1U << 31;

struct prefilter {
    struct wanted *wanted;
    size_t wanted_count, wanted_room, bytes;
    struct member *members;
    size_t member_count, member_room;
    unsigned *steps; /* a row a node: a step a class of bytes; last, its output */
    size_t width;
    unsigned char class_of[256];
    struct output *outputs; /* [0] is none */
    size_t output_count;
    struct link *links; /* [0] is none */
    struct chain_filter *chains;
};

struct prefilter *prefilter_new(void)
{
    struct prefilter *filter = calloc(1, sizeof *filter);

    if (filter != NULL && (filter->chains = chain_filter_new()) == NULL)
        prefilter_free(&filter);
    return filter;
}

void prefilter_free(struct prefilter **filter)
{
    if (*filter == NULL)
        return;
    free((*filter)->wanted);
    free((*filter)->steps);
    free((*filter)->outputs);
    free((*filter)->links);
    free((*filter)->members);
    chain_filter_free(&(*filter)->chains);
    free(*filter);
    *filter = NULL;
}

/* Room for as many more of size bytes each; at itself if there is. NULL without
 * memory: at is still good. */
static void *make_room(void *at, size_t count, size_t more, size_t *room, size_t size)
{
    size_t wish = 2 * *room + more;
    void *grown;

    if (count + more <= *room)
        return at;
    grown = realloc(at, wish * size);
    if (grown != NULL)
        *room = wish;
    return grown;
}

static bool has_room_for_strings(struct prefilter *f, size_t count)
{
    struct wanted *wanted =
        make_room(f->wanted, f->wanted_count, count, &f->wanted_room, sizeof *wanted);

    if (wanted == NULL)
        return false;
    f->wanted = wanted;
    return true;
}

static bool has_room_for_member(struct prefilter *f)
{
    struct member *members =
        make_room(f->members, f->member_count, 1, &f->member_room, sizeof *members);

    if (members == NULL)
        return false;
    f->members = members;
    return true;
}

bool prefilter_add(struct prefilter *filter, unsigned rule,
                   const struct literal_set *set)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < set->count; i++)
        bytes += set->strings[i].len;
    if (literal_set_shortest(set) == 0 ||
        filter->bytes + bytes > BOUND_PREFILTER_BYTES ||
        !has_room_for_strings(filter, set->count) || !has_room_for_member(filter))
        return false;
    for (unsigned i = 0; i < set->count; i++)
        filter->wanted[filter->wanted_count++] =
            (struct wanted){set->strings[i], (unsigned)filter->member_count};
    filter->bytes += bytes;
    filter->members[filter->member_count++] = (struct member){rule, set->times};
    return true;
}

bool prefilter_add_chain(struct prefilter *filter, unsigned rule,
                         const struct byte_chain *chain)
{
    if (chain->count == 0 || !has_room_for_member(filter) ||
        !chain_filter_add(filter->chains, (unsigned)filter->member_count, chain))
        return false;
    filter->members[filter->member_count++] = (struct member){rule, 1};
    return true;
}

/* A class for each byte that some string has, both cases of a letter in one; 0 for
 * the others. */
static void number_classes(struct prefilter *filter)
{
    unsigned char count = 0;

    for (size_t i = 0; i < filter->wanted_count; i++) {
        const struct literal *string = &filter->wanted[i].string;
        for (unsigned k = 0; k < string->len; k++) {
            unsigned char *class = &filter->class_of[(unsigned char)string->at[k]];
            if (*class == 0)
                *class = ++count; /* at most 230: capitals are folded */
        }
    }
    for (int c = 'A'; c <= 'Z'; c++)
        filter->class_of[c] = filter->class_of[c - 'A' + 'a'];
    filter->width = count + 2U;
}

/* The child of node by that byte, made when it is new. */
static unsigned child_of(struct node *nodes, unsigned node, unsigned char byte,
                         unsigned *count)
{
    unsigned child = nodes[node].child;

    while (child != 0 && nodes[child].byte != byte)
        child = nodes[child].sibling;
    if (child != 0)
        return child;
    child = (*count)++;
    nodes[child] = (struct node){.sibling = nodes[node].child, .byte = byte};
    nodes[node].child = child;
    return child;
}

static void link_member(struct prefilter *filter, struct output *output,
                        unsigned member, unsigned place)
{
    bool is_counted = filter->members[member].times > 1;
    unsigned *list = is_counted ? &output->counted : &output->first;

    filter->links[place] = (struct link){member, *list};
    *list = place;
    output->is_counting = output->is_counting || is_counted;
}

/* Returns how many nodes there are. */
static unsigned plant(struct prefilter *filter, struct node *nodes)
{
    unsigned count = 1, used = 0;

    nodes[0] = (struct node){0};
    for (size_t i = 0; i < filter->wanted_count; i++) {
        const struct wanted *wanted = &filter->wanted[i];
        unsigned node = 0;
        for (unsigned k = 0; k < wanted->string.len; k++)
            node = child_of(nodes, node, (unsigned char)wanted->string.at[k], &count);
        if (nodes[node].output == 0)
            nodes[node].output = (unsigned)++filter->output_count;
        link_member(filter, &filter->outputs[nodes[node].output], wanted->member,
                    ++used);
    }
    return count;
}

static void inherit(struct output *output, const struct output *outputs,
                    unsigned suffix)
{
    output->next = suffix;
    output->is_counting = output->is_counting || outputs[suffix].is_counting;
}

/* Rows from the root down, in that order: the rows that most steps lead to stand
 * together. Where a node has no child, its suffix's row says where to go on. queue: the
 * node of a row. */
static void fill_rows(struct prefilter *filter, struct node *nodes, unsigned *queue)
{
    size_t width = filter->width, queued = 1;

    queue[0] = 0;
    for (size_t done = 0; done < queued; done++) {
        const struct node *node = &nodes[queue[done]];
        unsigned *row = filter->steps + done * width;
        const unsigned *other = filter->steps + node->suffix * width;
        if (done != 0)
            memcpy(row, other, width * sizeof *row);
        row[width - 1] = node->output;
        for (unsigned c = node->child; c != 0; c = nodes[c].sibling) {
            struct node *child = &nodes[c];
            unsigned *step = &row[filter->class_of[child->byte]];
            child->suffix = (unsigned)((*step & ~has_output) / width);
            unsigned inherited = nodes[queue[child->suffix]].output;
            if (child->output == 0)
                child->output = inherited;
            else
                inherit(&filter->outputs[child->output], filter->outputs, inherited);
            *step = (unsigned)(queued * width) | (child->output != 0 ? has_output : 0);
            queue[queued++] = c;
        }
    }
}

static int build(struct prefilter *filter)
{
    size_t room = filter->bytes + 1;
    struct node *nodes = calloc(room, sizeof *nodes);
    unsigned *queue = calloc(room, sizeof *queue);
    unsigned count;

    filter->outputs = calloc(filter->wanted_count + 1, sizeof *filter->outputs);
    filter->links = calloc(filter->wanted_count + 1, sizeof *filter->links);
    number_classes(filter);
    if (nodes != NULL && queue != NULL && filter->outputs != NULL &&
        filter->links != NULL) {
        count = plant(filter, nodes);
        filter->steps = calloc(count * filter->width, sizeof *filter->steps);
        if (filter->steps != NULL)
            fill_rows(filter, nodes, queue);
    }
    free(nodes);
    free(queue);
    return filter->steps != NULL ? 0 : -1;
}

int prefilter_seal(struct prefilter *filter)
{
    int rc = build(filter);

    free(filter->wanted);
    filter->wanted = NULL;
    return rc;
}

int prefilter_start(const struct prefilter *filter, struct arena *arena,
                    struct prefilter_run *run)
{
    run->count = 0;
    run->rules = arena_array(arena, filter->member_count, sizeof *run->rules);
    run->named = arena_array(arena, filter->member_count, sizeof *run->named);
    run->is_named = arena_alloc(arena, filter->member_count);
    run->outputs = arena_array(arena, filter->output_count, sizeof *run->outputs);
    run->is_seen = arena_alloc(arena, filter->output_count + 1);
    run->scan = 0;
    run->places = arena_array(arena, filter->member_count, sizeof *run->places);
    run->chains =
        arena_array(arena, chain_filter_count(filter->chains), sizeof *run->chains);
    return run->rules != NULL && run->named != NULL && run->is_named != NULL &&
                   run->outputs != NULL && run->is_seen != NULL &&
                   run->places != NULL && run->chains != NULL
               ? 0
               : -1;
}

static void name(const struct prefilter *filter, unsigned member,
                 struct prefilter_run *run)
{
    if (run->is_named[member])
        return;
    run->is_named[member] = 1;
    run->named[run->count] = member;
    run->rules[run->count++] = filter->members[member].rule;
}

/* An output and its suffixes', as far as they are new: who has one has the rest. */
static size_t visit(const struct prefilter *filter, unsigned output, size_t seen,
                    struct prefilter_run *run)
{
    for (; output != 0 && !run->is_seen[output];
         output = filter->outputs[output].next) {
        run->is_seen[output] = 1;
        run->outputs[seen++] = output;
        for (unsigned link = filter->outputs[output].first; link != 0;
             link = filter->links[link].next)
            name(filter, filter->links[link].member, run);
    }
    return seen;
}

/* One place more for those that want several. place: from 1. */
static void count(const struct prefilter *filter, unsigned output, size_t place,
                  struct prefilter_run *run)
{
    for (; filter->outputs[output].is_counting; output = filter->outputs[output].next)
        for (unsigned link = filter->outputs[output].counted; link != 0;
             link = filter->links[link].next) {
            unsigned member = filter->links[link].member;
            struct prefilter_places *places = &run->places[member];
            if (places->scan != run->scan)
                *places = (struct prefilter_places){.scan = run->scan};
            if (places->last == place)
                continue;
            places->last = place;
            if (++places->count == filter->members[member].times)
                name(filter, member, run);
        }
}

void prefilter_scan(const struct prefilter *filter, struct span text,
                    struct prefilter_run *run)
{
    const unsigned *steps = filter->steps;
    size_t state = 0, seen = 0, found;

    for (size_t i = 0; i < run->count; i++)
        run->is_named[run->named[i]] = 0;
    run->count = 0;
    run->scan++;
    for (size_t i = 0; i < text.len; i++) {
        unsigned step = steps[state + filter->class_of[(unsigned char)text.at[i]]];
        state = step & ~has_output;
        if (step & has_output) {
            unsigned output = steps[state + filter->width - 1];
            seen = visit(filter, output, seen, run);
            count(filter, output, i + 1, run);
        }
    }
    for (size_t i = 0; i < seen; i++)
        run->is_seen[run->outputs[i]] = 0;
    found = chain_filter_scan(filter->chains, text, run->chains);
    for (size_t i = 0; i < found; i++)
        name(filter, run->chains[i], run);
}
