/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/audit/page.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 760, /* of a plot, in its own units; it scales with the page */
    HEIGHT = 220,
    LEFT = 52,   /* room for the figures at the side */
    BOTTOM = 26, /* and for the labels below */
    TOP = 10,
    LABELS = 12, /* most labels below a plot */
    SPARK_W = 120,
    SPARK_H = 24,
};

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1a1d21;--dim:#565d66;--line:#d5d9de;"
    "--card:#f5f6f8;--accept:#2f7d4f;--slow:#8a6d00;--hold:#b45309;--defer:#6d4bb0;"
    "--reject:#b3261e;--plain:#2563a8;--link:#1d4f91}"
    "@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#a9b1ba;"
    "--line:#3a4149;--card:#1e2328;--accept:#5fbf85;--slow:#d9b93b;--hold:#f0984a;"
    "--defer:#b39af0;--reject:#f28b82;--plain:#7fb2ef;--link:#9cc4f5}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:1rem;"
    "background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}"
    "h1{font-size:1.6rem;margin:.2em 0}h2{font-size:1.2rem;margin:0 0 .4rem}"
    "p.dim,.dim{color:var(--dim)}a{color:var(--link)}"
    "a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid "
    "var(--plain);outline-offset:2px}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;list-style:none;padding:0}"
    "section{margin:1.6rem 0;padding-top:1rem;border-top:1px solid var(--line)}"
    "code{font:0.9em ui-monospace,monospace;background:var(--card);padding:.1em .3em;"
    "border-radius:4px;overflow-wrap:anywhere}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));"
    "gap:.7rem;padding:0;margin:1rem 0;list-style:none}"
    ".tiles li{background:var(--card);border-radius:8px;padding:.7rem .9rem}"
    ".tiles b{display:block;font-size:1.6rem;line-height:1.2}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:."
    "92rem}"
    "caption{text-align:left;color:var(--dim);padding:.2rem 0}"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}td{overflow-wrap:anywhere;min-width:5rem}td.n,th.n{text-align:"
    "right;min-width:0;"
    "font-variant-numeric:tabular-nums;white-space:nowrap}"
    "td code{white-space:normal}svg{display:block;width:100%;height:auto;"
    "overflow:visible}svg text{fill:var(--dim);font:12px system-ui,sans-serif}"
    "svg .axis{stroke:var(--line)}svg .level{stroke:var(--fg);stroke-dasharray:5 4}"
    "svg .level-name{fill:var(--fg)}.accept{fill:var(--accept)}.slow{fill:var(--slow)}"
    ".hold{fill:var(--hold)}.defer{fill:var(--defer)}.reject{fill:var(--reject)}"
    ".plain{fill:var(--plain)}.spark{width:120px;display:inline-block}"
    ".spark path{fill:none;stroke:var(--plain);stroke-width:1.5}"
    ".legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;"
    "margin:.3rem 0;font-size:.9rem}.legend svg{display:inline-block;width:.8em;"
    "height:.8em;margin-right:.35em}details{margin:.4rem 0}"
    "@media print{body{font-size:11px;max-width:none}nav,details{display:none}"
    "section{break-inside:avoid}}";

void page_raw(struct page *page, const char *markup)
{
    buf_add_span(page->out, span_of(markup));
}

/* Everything that markup is made of, and control characters that a browser may act on.
 */
void page_text(struct page *page, struct span text)
{
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        uint32_t cp = utf8_next(text, &i);
        switch (cp) {
        case '&':
            page_raw(page, "&amp;");
            break;
        case '<':
            page_raw(page, "&lt;");
            break;
        case '>':
            page_raw(page, "&gt;");
            break;
        case '"':
            page_raw(page, "&quot;");
            break;
        case '\'':
            page_raw(page, "&#39;");
            break;
        default:
            if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ||
                (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069))
                page_raw(page, "\xef\xbf\xbd");
            else if (cp == 0xfffd)
                page_raw(page, "\xef\xbf\xbd");
            else
                buf_add(page->out, text.at + start, i - start);
        }
    }
}

void page_printf(struct page *page, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    page_text(page, span_of(text));
}

void page_number(struct page *page, int64_t number)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRId64, number);
    for (int i = 0; i < len; i++) {
        if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
            page_raw(page, "\xe2\x80\xaf"); /* narrow no-break space */
        buf_add_char(page->out, digits[i]);
    }
}

void page_begin(struct page *page, struct span title, struct span subtitle)
{
    page_raw(page,
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
             "\n<meta name=\"viewport\" content=\"width=device-width, "
             "initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">"
             "\n<meta http-equiv=\"Content-Security-Policy\" content=\""
             "default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
             "\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    page_text(page, title);
    page_raw(page, "</title>\n<style>");
    page_raw(page, style);
    page_raw(page, "</style>\n</head>\n<body>\n<header><h1>");
    page_text(page, title);
    page_raw(page, "</h1>\n<p class=\"dim\">");
    page_text(page, subtitle);
    page_raw(page, "</p></header>\n");
}

void page_end(struct page *page, struct span footer)
{
    page_raw(page, "</main>\n<footer><p class=\"dim\">");
    page_text(page, footer);
    page_raw(page, "</p></footer>\n</body>\n</html>\n");
}

void page_section(struct page *page, const char *id, const char *title,
                  const char *command)
{
    page_raw(page, "<section id=\"");
    page_raw(page, id);
    page_raw(page, "\" aria-labelledby=\"h-");
    page_raw(page, id);
    page_raw(page, "\">\n<h2 id=\"h-");
    page_raw(page, id);
    page_raw(page, "\">");
    page_raw(page, title);
    page_raw(page, "</h2>\n");
    if (command == NULL)
        return;
    page_raw(page, "<p class=\"dim\">On the command line: <code>");
    page_text(page, span_of(command));
    page_raw(page, "</code></p>\n");
}

void page_section_end(struct page *page)
{
    page_raw(page, "</section>\n");
}

/* ---- tables ---- */

void page_table(struct page *page, const char *caption, const char *const *columns)
{
    page->has_row = false;
    page_raw(page, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    page_text(page, span_of(caption));
    page_raw(page, "\"><table><caption>");
    page_text(page, span_of(caption));
    page_raw(page, "</caption>\n<thead><tr>");
    for (; columns[0][0] != '\0'; columns++) {
        bool is_number = columns[0][0] == '#';
        page_raw(page,
                 is_number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
        page_text(page, span_of(*columns + is_number));
        page_raw(page, "</th>");
    }
    page_raw(page, "</tr></thead>\n<tbody>");
}

void page_row(struct page *page)
{
    page->has_row = true;
    page_raw(page, "\n<tr>");
}

void page_cell(struct page *page, bool is_number)
{
    page_raw(page, is_number ? "<td class=\"n\">" : "<td>");
}

void page_table_end(struct page *page)
{
    page_raw(page, "\n</tbody></table></div>\n");
    if (!page->has_row)
        page_raw(page, "<p class=\"dim\">None.</p>\n");
}

/* ---- plots ---- */

static double total_at(const struct plot *plot, size_t i)
{
    double sum = 0;
    for (size_t k = 0; k < plot->parts; k++)
        sum += plot->values[k][i];
    return sum;
}

/* 1, 2 or 5 times a power of ten, at or above value. */
static double round_up(double value)
{
    if (!(value > 0))
        return 1;
    double power = pow(10, floor(log10(value)));
    static const double steps[] = {1, 2, 5, 10};
    for (size_t i = 0; i < 4; i++)
        if (value <= steps[i] * power * 1.0000001)
            return steps[i] * power;
    return 10 * power;
}

static double scale_of(const struct plot *plot)
{
    double most = 0;
    for (size_t i = 0; i < plot->count; i++)
        most = fmax(most, total_at(plot, i));
    for (size_t i = 0; i < plot->line_count; i++)
        most = fmax(most, plot->lines[i].at);
    return round_up(most);
}

static double y_of(double value, double scale)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / scale);
}

static void draw_axis(struct page *page, double scale)
{
    for (int i = 0; i <= 4; i++) {
        double value = scale * i / 4;
        char text[32];
        snprintf(text, sizeof text, "%.4g", value);
        buf_printf(page->out,
                   "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                   "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                   LEFT, WIDTH, y_of(value, scale), y_of(value, scale), LEFT - 6,
                   y_of(value, scale) + 4, text);
    }
}

static void draw_bars(struct page *page, const struct plot *plot, double scale)
{
    double step = (double)(WIDTH - LEFT) / (double)(plot->count > 0 ? plot->count : 1);
    for (size_t i = 0; i < plot->count; i++) {
        double below = 0;
        for (size_t k = 0; k < plot->parts; k++) {
            double value = plot->values[k][i];
            double top = y_of(below + value, scale);
            if (value > 0)
                buf_printf(page->out,
                           "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                           "height=\"%.1f\"/>",
                           plot->classes[k], LEFT + step * (double)i + step * 0.1, top,
                           step * 0.8, y_of(below, scale) - top);
            below += value;
        }
    }
}

static void draw_labels(struct page *page, const struct plot *plot)
{
    double step = (double)(WIDTH - LEFT) / (double)(plot->count > 0 ? plot->count : 1);
    size_t every = (plot->count + LABELS - 1) / LABELS;
    for (size_t i = 0; i<plot->count; i += every> 0 ? every : 1) {
        buf_printf(page->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
                   LEFT + step * ((double)i + 0.5), HEIGHT - 8);
        page_text(page, span_of(plot->labels[i]));
        page_raw(page, "</text>");
    }
}

static void draw_lines(struct page *page, const struct plot *plot, double scale)
{
    for (size_t i = 0; i < plot->line_count; i++) {
        double y = y_of(plot->lines[i].at, scale);
        buf_printf(
            page->out,
            "<line class=\"level\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
            "<text class=\"level-name\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
            LEFT, WIDTH, y, y, WIDTH - 4, y - 4);
        page_text(page, span_of(plot->lines[i].name));
        page_raw(page, "</text>");
    }
}

static void draw_legend(struct page *page, const struct plot *plot)
{
    if (plot->parts < 2)
        return;
    page_raw(page, "<ul class=\"legend\">");
    for (size_t k = 0; k < plot->parts; k++) {
        buf_printf(page->out,
                   "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect "
                   "class=\"%s\" width=\"10\" height=\"10\"/></svg>",
                   plot->classes[k]);
        page_text(page, span_of(plot->names[k]));
        page_raw(page, "</li>");
    }
    page_raw(page, "</ul>\n");
}

/* The same figures for who reads rather than looks; bars of nothing are left out. */
static void draw_figures(struct page *page, const struct plot *plot)
{
    const char *columns[10] = {""};
    char names[8][64];
    size_t parts = plot->parts < 8 ? plot->parts : 8;
    for (size_t k = 0; k < parts; k++) {
        snprintf(names[k], sizeof names[k], "#%s", plot->names[k]);
        columns[k + 1] = names[k];
    }
    columns[0] = plot->unit;
    columns[parts + 1] = "";
    page_raw(page, "<details><summary>The figures</summary>");
    page_table(page, plot->title, columns);
    for (size_t i = 0; i < plot->count; i++) {
        if (!(total_at(plot, i) > 0))
            continue;
        page_row(page);
        page_cell(page, false);
        page_text(page, span_of(plot->labels[i]));
        for (size_t k = 0; k < parts; k++) {
            page_cell(page, true);
            page_printf(page, "%.6g", plot->values[k][i]);
        }
    }
    page_table_end(page);
    page_raw(page, "</details>\n");
}

void page_plot(struct page *page, const struct plot *plot)
{
    double scale = scale_of(plot);
    buf_printf(page->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
               WIDTH, HEIGHT);
    page_text(page, span_of(plot->title));
    page_raw(page, "\">");
    draw_axis(page, scale);
    draw_bars(page, plot, scale);
    draw_labels(page, plot);
    draw_lines(page, plot, scale);
    page_raw(page, "</svg>\n");
    draw_legend(page, plot);
    draw_figures(page, plot);
}

void page_spark(struct page *page, const double *values, size_t count, const char *text)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, values[i]);
    most = most > 0 ? most : 1;
    buf_printf(page->out,
               "<svg class=\"spark\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
               SPARK_W, SPARK_H);
    page_text(page, span_of(text));
    page_raw(page, "\"><path d=\"");
    for (size_t i = 0; i < count; i++)
        buf_printf(page->out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
                   count > 1 ? SPARK_W * (double)i / (double)(count - 1) : 0,
                   2 + (SPARK_H - 4) * (1 - values[i] / most));
    page_raw(page, "\"/></svg>");
}
