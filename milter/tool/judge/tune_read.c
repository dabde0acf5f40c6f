/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/judge/tune_read.h"

#include <stdlib.h>

#include "tool/judge/scan_judge.h"
#include "tool/judge/scan_pool.h"
#include "tool/print.h"

/* What a worker makes of one mail. */
struct finding {
    char error[240]; /* "" fine */
    uint32_t *rules; /* heap */
    size_t count;
    struct sketch sketch;
};

struct reading {
    struct scan_how how;
    struct tune_set *set;
    size_t ham_files; /* the list's first so many are ham */
    size_t failed;
    int rc;
    struct err *err;
};

static void keep(const struct scan_reading *reading, struct finding *finding)
{
    const struct hits *hits = &reading->judgement.hits;
    finding->rules = malloc((hits->count + 1) * sizeof *finding->rules);
    if (finding->rules == NULL) {
        snprintf(finding->error, sizeof finding->error, "out of memory");
        return;
    }
    for (size_t i = 0; i < hits->count; i++)
        finding->rules[i] = (uint32_t)hits->at[i].rule;
    finding->count = hits->count;
    sketch_make(reading->msg, &finding->sketch);
}

static void judge(void *arg, const struct scan_mail *mail, size_t file,
                  struct arena *arena, void *result)
{
    const struct reading *all = arg;
    struct finding *finding = result;
    struct scan_reading reading;
    const char *why = "out of memory";
    (void)file;
    if (arena != NULL)
        why = scan_read(&all->how, mail, arena, &reading);
    if (why != NULL)
        snprintf(finding->error, sizeof finding->error, "%s", why);
    else
        keep(&reading, finding);
}

static void take(void *arg, const struct scan_mail *mail, size_t file, void *result,
                 struct progress *progress)
{
    struct reading *all = arg;
    struct finding *finding = result;
    if (finding->error[0] != '\0') {
        char path[300];
        progress_end(progress);
        all->failed++;
        fprintf(stderr, "outgate: %s: %s\n",
                text_escape(span_of(mail->path), path, sizeof path), finding->error);
    } else if (all->rc == 0) {
        all->rc = tune_set_add(all->set, file >= all->ham_files, finding->rules,
                               finding->count, &finding->sketch, all->err);
    }
    free(finding->rules);
}

/* What both lists of words name, ham first. */
static int collect(struct tool *tool, const struct tune_sources *sources,
                   struct scan_list *out, size_t *ham_files, struct err *err)
{
    struct scan_list lists[2] = {{0}};
    const struct option_list *words[2] = {sources->ham, sources->spam};
    for (int i = 0; i < 2; i++)
        if (words[i]->count > 0 && scan_collect(&lists[i], tool->arena, words[i]->at,
                                                words[i]->count, err) != 0)
            return -1;
    *ham_files = lists[0].count;
    *out = (struct scan_list){.arena = tool->arena,
                              .count = lists[0].count + lists[1].count,
                              .bytes = lists[0].bytes + lists[1].bytes};
    out->at = arena_array(tool->arena, out->count + 1, sizeof *out->at);
    if (out->at == NULL)
        return err_set(err, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < out->count; i++)
        out->at[i] = i < *ham_files ? lists[0].at[i] : lists[1].at[i - *ham_files];
    return 0;
}

int tune_read(struct tool *tool, const struct engine *engine,
              const struct tune_sources *sources, struct tune_set *set, size_t *failed,
              struct err *err)
{
    static const struct option_list none;
    struct scan_list list;
    bool all_read;
    struct reading all = {
        .how = {.engine = engine, .mail_class = CLASS_OUTBOUND, .recipients = &none},
        .set = set,
        .err = err};
    struct scan_work work = {.arena_bytes = scan_arena_bytes(engine),
                             .result_bytes = sizeof(struct finding),
                             .judge = judge,
                             .take = take,
                             .is_stopped = sources->is_stopped,
                             .is_silent = true,
                             .arg = &all};
    if (collect(tool, sources, &list, &all.ham_files, err) != 0 ||
        scan_pool_run(&work, &list, scan_pool_jobs(&list, (int64_t)sources->jobs),
                      &all_read, err) != 0)
        return -1;
    *failed = all.failed;
    return all.rc;
}
