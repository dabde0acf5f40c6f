/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/mdoc.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { FOLD_AT = 78 };

static void put_word(struct span word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] == '\\')
            fputs("\\e", stdout);
        else if (word.at[i] == '-' && i + 1 < word.len && word.at[i + 1] == '-')
            fputs("\\-", stdout);
        else
            putchar(word.at[i]);
    }
}

/* A word after which mdoc expects a new line: "gate." but not "e.g." or "..." */
static bool ends_sentence(struct span word, struct span rest)
{
    char last = word.len > 0 ? word.at[word.len - 1] : '\0';
    char next = rest.len > 0 ? rest.at[0] : '\0';
    return word.len > 2 && (last == '.' || last == '?' || last == '!') &&
           word.at[word.len - 2] != '.' && (next < 'a' || next > 'z');
}

void mdoc_sentence(const char *text)
{
    struct span rest = span_of(text);
    struct span word;
    size_t column = 0;
    while (rest.len > 0) {
        span_cut(rest, ' ', &word, &rest);
        if (word.len == 0)
            continue;
        if (column > 0 && column + 1 + word.len > FOLD_AT) {
            putchar('\n');
            column = 0;
        }
        if (column > 0)
            putchar(' ');
        else if (word.at[0] == '.' || word.at[0] == '\'')
            fputs("\\&", stdout);
        put_word(word);
        column += word.len + 1;
        if (rest.len > 0 && ends_sentence(word, rest)) {
            putchar('\n');
            column = 0;
        }
    }
    size_t len = strlen(text);
    puts(len > 0 && strchr(".?!", text[len - 1]) == NULL ? "." : "");
}
