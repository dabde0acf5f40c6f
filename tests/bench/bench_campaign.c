/* SPDX-License-Identifier: BSD-2-Clause
 *
 * bench_campaign - does the sketch know a text again, and only that text?
 *
 *   bench_campaign NAME=FOLDER...    (NAME: ham... or spam...; each file is one mail)
 *
 * Prints what a sketch costs; how it agrees with the true Jaccard index of the runs of
 * three plain words, over all pairs of mails; which ham of different senders it joins;
 * and how often a spam is known again after its names, numbers, links, greeting,
 * sentences and words were changed. Deterministic.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message/sketch.h"

enum {
    ARENA_BYTES = 64 << 20,
    FILE_BYTES = 8 << 20,
    MAILS_MOST = 20000,
    WORDS_MOST = 4096,
    TEXT_BYTES = 1 << 16,
    RUN_WORDS = 3,
};

/* One mail as the bench remembers it. */
struct mail {
    char *name, *from, *text;
    bool is_ham;
    struct sketch sketch;
    uint32_t *runs; /* sorted, each once: plain words, nothing left out */
    size_t run_count, word_count;
    long group; /* a smaller index that it was joined to, or its own */
};

static struct mail mails[MAILS_MOST];
static size_t mail_count;
static struct arena *arena;
static int64_t spent_us;
static size_t spent_bytes;

/* Of this process alone: others may be busy. */
static int64_t cpu_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static uint64_t seed = 20260131;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)((seed >> 33) % n);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static size_t plain_words(const char *text, uint32_t *words)
{
    size_t count = 0;
    while (*text != '\0' && count < WORDS_MOST) {
        uint32_t hash = SPAN_HASH_SEED;
        const char *from = text;
        while (isalnum((unsigned char)*text) || (unsigned char)*text >= 0x80)
            hash = (hash ^ (uint32_t)tolower((unsigned char)*text++)) * 16777619u;
        if (text > from)
            words[count++] = hash;
        else
            text++;
    }
    return count;
}

static void find_runs(struct mail *mail)
{
    static uint32_t words[WORDS_MOST];
    size_t count = plain_words(mail->text, words);
    mail->word_count = count;
    mail->runs = calloc(count + 1, sizeof *mail->runs);
    for (size_t i = 0; i + RUN_WORDS <= count; i++)
        mail->runs[mail->run_count++] =
            words[i] * 0x9e3779b1u + words[i + 1] * 0x85ebca6bu + words[i + 2] * 7;
    qsort(mail->runs, mail->run_count, sizeof *mail->runs, compare);
    size_t kept = 0;
    for (size_t i = 0; i < mail->run_count; i++)
        if (i == 0 || mail->runs[i] != mail->runs[kept - 1])
            mail->runs[kept++] = mail->runs[i];
    mail->run_count = kept;
}

static double jaccard(const struct mail *a, const struct mail *b)
{
    size_t i = 0, k = 0, same = 0;
    while (i < a->run_count && k < b->run_count) {
        same += a->runs[i] == b->runs[k];
        uint32_t x = a->runs[i], y = b->runs[k];
        i += x <= y;
        k += y <= x;
    }
    size_t all = a->run_count + b->run_count - same;
    return all > 0 ? (double)same / (double)all : 0;
}

static void sketch_of(struct span bytes, struct sketch *out, struct message **msg)
{
    arena_reset(arena);
    *msg = message_new(arena, FILE_BYTES);
    message_read(*msg, bytes);
    int64_t from_us = cpu_us();
    for (int i = 0; i < 10; i++)
        sketch_make(*msg, out);
    spent_us += cpu_us() - from_us;
    spent_bytes += (*msg)->text.len;
}

static void read_mail(const char *path, const char *name, bool is_ham)
{
    static char bytes[FILE_BYTES];
    FILE *file = fopen(path, "re");
    size_t count;
    if (file == NULL || mail_count == MAILS_MOST)
        return;
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    struct mail *mail = &mails[mail_count];
    struct message *msg;
    sketch_of((struct span){bytes, len}, &mail->sketch, &msg);
    const struct mailbox *from = message_mailboxes(msg, "From", &count);
    mail->name = strdup(name);
    mail->from = strdup(span_cstr(arena, count > 0 ? from[0].address : SPAN("")));
    mail->text = strdup(span_cstr(arena, msg->text));
    mail->is_ham = is_ham;
    mail->group = (long)mail_count;
    find_runs(mail);
    mail_count++;
}

static int read_folder(const char *word)
{
    const char *equals = strchr(word, '=');
    struct dirent **names;
    int count = equals != NULL ? scandir(equals + 1, &names, NULL, alphasort) : -1;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", equals + 1, names[i]->d_name);
        size_t len = strlen(path);
        if (names[i]->d_name[0] != '.' && (strcmp(path + len - 4, ".txt") == 0 ||
                                           strcmp(path + len - 4, ".eml") == 0))
            read_mail(path, names[i]->d_name, strncmp(word, "ham", 3) == 0);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return count;
}

/* ---- all pairs ---- */

struct tally {
    size_t truth, found[SKETCH_VALUES + 1], wrong[SKETCH_VALUES + 1];
    size_t strangers[SKETCH_VALUES + 1]; /* ham, other sender, not the same text */
    size_t crossed[SKETCH_VALUES + 1];   /* a ham and a spam, not the same text */
};

static void count_pair(struct tally *t, const struct mail *a, const struct mail *b)
{
    if (a->sketch.kind != SKETCH_TEXT || b->sketch.kind != SKETCH_TEXT)
        return;
    unsigned equal = sketch_equal(&a->sketch, &b->sketch);
    size_t less = a->run_count < b->run_count ? a->run_count : b->run_count;
    size_t more = a->run_count + b->run_count - less;
    if (equal < 5 && less * 10 < more * 6)
        return;
    double same = jaccard(a, b);
    bool is_strange = a->is_ham && b->is_ham && strcmp(a->from, b->from) != 0;
    same = a->is_ham && b->is_ham && same >= 0.6 ? 0.5 : same; /* threads */
    t->truth += same >= 0.6;
    for (unsigned n = 0; n <= equal; n++) {
        t->found[n] += same >= 0.6;
        t->wrong[n] += same < 0.3;
        t->strangers[n] += is_strange && same < 0.3;
        t->crossed[n] += a->is_ham != b->is_ham && same < 0.3;
    }
    if (equal >= SKETCH_SAME && is_strange && same < 0.3 && getenv("SHOW") != NULL)
        printf("    %u/16 J %.2f %s (%s) %s (%s)\n", equal, same, a->name, a->from,
               b->name, b->from);
}

static void judge_pairs(void)
{
    struct tally t = {0};
    for (size_t i = 0; i < mail_count; i++)
        for (size_t k = i + 1; k < mail_count; k++)
            count_pair(&t, &mails[i], &mails[k]);
    printf("%zu pairs with spam in them and a true index of 0.6 or more\n", t.truth);
    printf("  equal  recall  pairs below 0.3  ... ham of two senders  ... ham and "
           "spam\n");
    for (unsigned n = 7; n <= 14; n++)
        printf("  >= %2u  %6.3f  %15zu  %22zu  %16zu\n", n,
               (double)t.found[n] / (double)(t.truth > 0 ? t.truth : 1), t.wrong[n],
               t.strangers[n], t.crossed[n]);
}

/* ---- groups, as the store makes them: the first of a group stands for it ---- */

static void print_groups(bool is_ham)
{
    size_t members = 0, groups = 0, largest = 0, none = 0, kinds[4] = {0};
    static size_t size[MAILS_MOST];
    memset(size, 0, sizeof size);
    for (size_t i = 0; i < mail_count; i++) {
        if (mails[i].is_ham != is_ham)
            continue;
        none += mails[i].sketch.kind == SKETCH_NONE;
        kinds[mails[i].sketch.kind]++;
        unsigned best = SKETCH_SAME - 1;
        for (size_t k = 0; k < i && mails[i].sketch.kind != SKETCH_NONE; k++) {
            if (mails[k].group != (long)k || mails[k].sketch.kind == SKETCH_NONE)
                continue;
            unsigned equal = sketch_equal(&mails[i].sketch, &mails[k].sketch);
            if (equal > best) {
                best = equal;
                mails[i].group = (long)k;
            }
        }
        size[mails[i].group]++;
    }
    size_t strange = 0;
    for (size_t i = 0; i < mail_count; i++) {
        if (size[i] >= 2) {
            groups++;
            members += size[i];
            largest = size[i] > largest ? size[i] : largest;
        }
        if (mails[i].is_ham == is_ham && mails[i].group != (long)i &&
            strcmp(mails[i].from, mails[mails[i].group].from) != 0) {
            strange++;
            if (is_ham && getenv("SHOW") != NULL)
                printf("    joined: %d J %.2f %s (%s) to %s (%s)\n",
                       mails[i].sketch.kind, jaccard(&mails[i], &mails[mails[i].group]),
                       mails[i].name, mails[i].from, mails[mails[i].group].name,
                       mails[mails[i].group].from);
        }
    }
    printf("%s: by text %zu, short %zu, by file %zu, none %zu; %zu campaigns of two or "
           "more, %zu mails in them, largest %zu; %zu joined to another's\n",
           is_ham ? "ham" : "spam", kinds[SKETCH_TEXT], kinds[SKETCH_SHORT],
           kinds[SKETCH_FILE], none, groups, members, largest, strange);
}

/* ---- changed on purpose ---- */

struct change {
    const char *name;
    unsigned word_percent; /* words replaced */
    bool greeting, numbers, links, shuffle, names, drop;
};

static const struct change changes[] = {
    {"greeting, numbers, links", 0, true, true, true, false, false, false},
    {"... and two names", 0, true, true, true, false, true, false},
    {"... and sentences in another order", 0, true, true, true, true, true, false},
    {"... and one sentence in eight left out", 0, true, true, true, false, true, true},
    {"5 % of the words", 5, false, false, false, false, false, false},
    {"10 % of the words", 10, false, false, false, false, false, false},
    {"20 % of the words", 20, false, false, false, false, false, false},
    {"30 % of the words", 30, false, false, false, false, false, false},
    {"all that and 5 % of the words", 5, true, true, true, true, true, false},
};

struct writer_buf {
    char at[TEXT_BYTES * 3];
    size_t len;
};

static void put(struct writer_buf *out, const char *text, size_t len)
{
    if (out->len + len < sizeof out->at) {
        memcpy(out->at + out->len, text, len);
        out->len += len;
    }
}

static void put_random_word(struct writer_buf *out)
{
    char word[12];
    size_t len = 4 + random_below(6);
    for (size_t i = 0; i < len; i++)
        word[i] = (char)('a' + random_below(26));
    put(out, word, len);
}

static void put_word(struct writer_buf *out, const char *word, size_t len,
                     const struct change *c)
{
    bool has_digit = false;
    bool is_link = len > 7 && memchr(word, '/', len) != NULL && memchr(word, '.', len);
    for (size_t i = 0; i < len; i++)
        has_digit = has_digit || isdigit((unsigned char)word[i]);
    if (c->links && is_link) {
        put(out, "http://", 7);
        put_random_word(out);
        put(out, ".example/", 9);
        put_random_word(out);
    } else if (c->numbers && has_digit) {
        char number[16];
        put(out, number,
            (size_t)snprintf(number, sizeof number, "%u", random_below(1000000)));
    } else if (random_below(100) < c->word_percent) {
        put_random_word(out);
    } else {
        put(out, word, len);
    }
}

static void put_sentence(struct writer_buf *out, const char *from, const char *to,
                         const struct change *c)
{
    while (from < to) {
        const char *end = from;
        while (end < to && !isspace((unsigned char)*end))
            end++;
        if (end > from)
            put_word(out, from, (size_t)(end - from), c);
        if (end < to)
            put(out, end++, 1);
        from = end;
    }
}

enum { SENTENCES_MOST = 2000 };

/* The ends of sentences: full stops and line ends. */
static size_t cut_sentences(const char *text, const char **ends)
{
    size_t count = 0;
    const char *at = text;
    for (; *at != '\0' && count < SENTENCES_MOST - 1; at++)
        if (*at == '\n' || ((*at == '.' || *at == '!' || *at == '?') && at[1] == ' '))
            ends[count++] = at + 1;
    ends[count++] = text + strlen(text);
    return count;
}

static void change_text(const char *text, const struct change *c,
                        struct writer_buf *out)
{
    static const char *ends[SENTENCES_MOST];
    size_t count = cut_sentences(text, ends);
    static size_t order[SENTENCES_MOST];
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = 0; c->shuffle && i + 1 < count; i += 1 + random_below(2)) {
        order[i]++; /* neighbours change places */
        order[i + 1]--;
        i++;
    }
    if (c->greeting) {
        put(out, "Dear ", 5);
        put_random_word(out);
        put(out, ",\n\n", 3);
    }
    for (size_t i = 0; i < count; i++) {
        size_t k = order[i];
        if (c->drop && random_below(8) == 0)
            continue;
        if (c->names && (i == count / 3 || i == count * 2 / 3)) {
            put_random_word(out);
            put(out, " ", 1);
        }
        put_sentence(out, k > 0 ? ends[k - 1] : text, ends[k], c);
        put(out, " ", 1);
    }
}

static bool is_known_again(const struct mail *mail, const struct change *c)
{
    static struct writer_buf out;
    struct sketch sketch;
    struct message *msg;
    out.len = 0;
    put(&out, "From: x@y.example\nSubject: \n\n", 29);
    change_text(mail->text, c, &out);
    sketch_of((struct span){out.at, out.len}, &sketch, &msg);
    return sketch.kind != SKETCH_NONE &&
           sketch_equal(&mail->sketch, &sketch) >= SKETCH_SAME;
}

/* The original, too, goes through as plain text: only the change is measured. */
static void change_all(const struct change *c)
{
    static const struct change nothing = {0};
    static struct writer_buf plain;
    size_t known = 0, count = 0;
    for (size_t i = 0; i < mail_count; i++) {
        struct mail copy = mails[i];
        struct message *msg;
        if (copy.is_ham || copy.word_count < 40 || strlen(copy.text) > TEXT_BYTES)
            continue;
        plain.len = 0;
        put(&plain, "From: x@y.example\nSubject: \n\n", 29);
        change_text(copy.text, &nothing, &plain);
        sketch_of((struct span){plain.at, plain.len}, &copy.sketch, &msg);
        known += is_known_again(&copy, c);
        count++;
    }
    printf("  %-42s %.3f of %zu\n", c->name, (double)known / (double)count, count);
}

int main(int argc, char **argv)
{
    arena = arena_new(ARENA_BYTES);
    for (int i = 1; i < argc; i++)
        if (read_folder(argv[i]) < 0) {
            perror(argv[i]);
            return 1;
        }
    if (arena == NULL || mail_count == 0) {
        fputs("usage: bench_campaign NAME=FOLDER...\n", stderr);
        return 2;
    }
    printf("%zu mails, %.1f us a sketch, %zu bytes of text each\n", mail_count,
           (double)spent_us / 10 / (double)mail_count, spent_bytes / mail_count);
    judge_pairs();
    print_groups(false);
    print_groups(true);
    puts("known again after a change, of the spam with 40 words or more:");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        change_all(&changes[i]);
    arena_free(&arena);
    return 0;
}
