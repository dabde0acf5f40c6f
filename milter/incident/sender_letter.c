/* SPDX-License-Identifier: BSD-2-Clause */
#include "incident/sender_letter.h"

#include <stdio.h>
#include <string.h>

enum { ADDRESS_BYTES = 254 }; /* RFC 5321 4.5.3.1.3, without <> */

/* One language's words. %s where a time, a subject or an address stands. */
struct words {
    const char *held_subject, *blocked_subject;
    const char *held, *blocked;
    const char *until, *until_person, *blocked_until;
    const char *sample, *stolen, *contact, *machine;
};

static const struct words all_words[] = {
    [LANGUAGE_EN] =
        {
            .held_subject = "Some of your e-mail is waiting",
            .blocked_subject = "Your account cannot send e-mail at the moment",
            .held = "Your account has sent more e-mail than this server lets out at "
                    "once.\nNothing is lost: what is too much waits here.\n",
            .blocked = "Your account is blocked: this server takes no e-mail from it "
                       "at the moment.\n",
            .until = "The e-mail that waits leaves by itself, the next one on %s.\n"
                     "You need not send it again.\n",
            .until_person = "A person has to look at the e-mail that waits. You need "
                            "not send it again.\n",
            .blocked_until = "The block ends on %s.\n",
            .sample = "One of these messages: %s\n",
            .stolen = "If you did not send it, somebody else uses your account: "
                      "change your\npassword now.\n",
            .contact = "If you need more than that, or sooner, ask %s.\n",
            .machine = "This message was written by a program.\n",
        },
    [LANGUAGE_FR] =
        {
            .held_subject = "Certains de vos messages attendent",
            .blocked_subject = "Votre compte ne peut pas envoyer de messages pour le "
                               "moment",
            .held =
                "Votre compte a envoyé plus de messages que ce serveur n'en laisse "
                "partir\nà la fois. Rien n'est perdu : ce qui dépasse attend ici.\n",
            .blocked = "Votre compte est bloqué : ce serveur n'accepte plus de "
                       "messages de sa part\npour le moment.\n",
            .until = "Les messages en attente partiront d'eux-mêmes, le prochain le "
                     "%s.\nInutile de les renvoyer.\n",
            .until_person = "Une personne doit examiner les messages en attente. "
                            "Inutile de les renvoyer.\n",
            .blocked_until = "Le blocage prend fin le %s.\n",
            .sample = "L'un de ces messages : %s\n",
            .stolen = "Si vous ne l'avez pas envoyé, quelqu'un d'autre utilise votre "
                      "compte :\nchangez votre mot de passe sans attendre.\n",
            .contact = "S'il vous faut davantage, ou plus vite, adressez-vous à %s.\n",
            .machine = "Ce message a été écrit par un programme.\n",
        },
    [LANGUAGE_ES] =
        {
            .held_subject = "Algunos de sus mensajes están en espera",
            .blocked_subject = "Su cuenta no puede enviar mensajes por el momento",
            .held = "Su cuenta ha enviado más mensajes de los que este servidor deja "
                    "salir a la\nvez. Nada se ha perdido: lo que sobra espera aquí.\n",
            .blocked = "Su cuenta está bloqueada: por el momento este servidor no "
                       "acepta mensajes\nde ella.\n",
            .until = "Los mensajes en espera saldrán por sí solos, el próximo el %s.\n"
                     "No hace falta enviarlos otra vez.\n",
            .until_person = "Una persona tiene que revisar los mensajes en espera. No "
                            "hace falta\nenviarlos otra vez.\n",
            .blocked_until = "El bloqueo termina el %s.\n",
            .sample = "Uno de esos mensajes: %s\n",
            .stolen = "Si usted no lo envió, otra persona está usando su cuenta: "
                      "cambie su\ncontraseña ahora mismo.\n",
            .contact = "Si necesita más, o antes, diríjase a %s.\n",
            .machine = "Este mensaje lo ha escrito un programa.\n",
        },
};

enum language sender_letter_language(enum language wanted, struct span named)
{
    if (wanted != LANGUAGE_AUTO)
        return wanted;
    if (span_ieq(named, SPAN("fr")))
        return LANGUAGE_FR;
    return span_ieq(named, SPAN("es")) ? LANGUAGE_ES : LANGUAGE_EN;
}

/* Printable ASCII of an address that needs no quoting, and no option. */
static bool is_address(struct span text)
{
    ptrdiff_t at = span_index(text, '@');
    if (at <= 0 || (size_t)at + 1 == text.len || text.len > ADDRESS_BYTES ||
        at != span_rindex(text, '@') || text.at[0] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_alnum(text.at[i]) &&
            (text.at[i] <= ' ' || text.at[i] > '~' ||
             strchr("\"(),:;<>[\\]", text.at[i]) != NULL))
            return false;
    return true;
}

static bool is_local(struct span address, const char *const *domains, size_t count)
{
    struct span domain = span_from(address, (size_t)span_index(address, '@') + 1);
    for (size_t i = 0; i < count; i++) {
        struct span ours = span_of(domains[i]);
        if (span_ieq(domain, ours) ||
            (ours.len > 1 && ours.at[0] == '.' && span_iends(domain, ours)))
            return true;
    }
    return false;
}

struct span sender_letter_address(const struct incident *incident,
                                  const struct evidence *evidence,
                                  const char *const *local_domains, size_t count)
{
    struct span kind;
    struct span login;
    span_cut(incident->sender, ':', &kind, &login);
    if (!span_eq(kind, SPAN("sasl_user")))
        return SPAN("");
    if (is_address(login))
        return login;
    if (is_address(evidence->sample_mail_from) &&
        is_local(evidence->sample_mail_from, local_domains, count))
        return evidence->sample_mail_from;
    return SPAN("");
}

/* "leaves by itself, the next one on ..." with a time or a text in its place. */
static void add_words(struct buf *out, const char *words, const char *value)
{
    struct span rest = span_of(words);
    ptrdiff_t at = span_find(rest, SPAN("%s"));
    buf_add_span(out, at < 0 ? rest : span_head(rest, (size_t)at));
    if (at < 0)
        return;
    buf_add_span(out, span_of(value));
    buf_add_span(out, span_from(rest, (size_t)at + 2));
}

static void add_until(struct buf *out, const struct words *words, bool is_block,
                      const struct evidence *evidence)
{
    char when[LETTER_TIME_BYTES];
    if (is_block && evidence->until_us > 0)
        add_words(out, words->blocked_until, letter_time(evidence->until_us, when));
    else if (!is_block && evidence->next_due_us > 0)
        add_words(out, words->until, letter_time(evidence->next_due_us, when));
    else if (!is_block)
        add_words(out, words->until_person, "");
}

void sender_letter(struct buf *out, const struct letter_head *head,
                   enum language language, const struct incident *incident,
                   const struct evidence *evidence, const char *contact)
{
    const struct words *words = &all_words[language];
    bool is_block = incident->kind == INCIDENT_BLOCK;
    char subject[120];
    letter_header(out, head,
                  span_of(is_block ? words->blocked_subject : words->held_subject));
    add_words(out, is_block ? words->blocked : words->held, "");
    buf_add_char(out, '\n');
    add_until(out, words, is_block, evidence);
    if (evidence->sample_subject.len > 0)
        add_words(out, words->sample,
                  text_escape(evidence->sample_subject, subject, sizeof subject));
    buf_add_char(out, '\n');
    add_words(out, words->stolen, "");
    if (contact[0] != '\0')
        add_words(out, words->contact, contact);
    buf_add_char(out, '\n');
    add_words(out, words->machine, "");
}
