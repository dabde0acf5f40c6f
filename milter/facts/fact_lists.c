/* SPDX-License-Identifier: BSD-2-Clause */
#include "facts/fact_lists.h"

#include <stddef.h>
#include <string.h>

static const char *const shorteners[] = {
    "1url.com",  "2no.co",      "7.ly",       "adf.ly",    "adfoc.us",    "amzn.to",
    "b23.ru",    "bit.do",      "bit.ly",     "bitly.com", "bitly.ws",    "bl.ink",
    "buff.ly",   "clck.ru",     "cli.gs",     "cutt.ly",   "cutt.us",     "db.tt",
    "dlvr.it",   "fb.me",       "g.co",       "gg.gg",     "git.io",      "goo.gl",
    "goo.su",    "hyperurl.co", "is.gd",      "j.mp",      "kutt.it",     "linktr.ee",
    "lnk.bio",   "lnkd.in",     "n9.cl",      "ow.ly",     "po.st",       "qr.ae",
    "qr.net",    "rb.gy",       "rebrand.ly", "reurl.cc",  "rotf.lol",    "s.id",
    "s.yam.com", "short.gy",    "short.io",   "shorte.st", "shorturl.at", "shorturl.gg",
    "shrtco.de", "snip.ly",     "snipr.com",  "soo.gd",    "sor.bz",      "su.pr",
    "surl.li",   "t.co",        "t.ly",       "t2m.io",    "tiny.cc",     "tiny.one",
    "tiny.pl",   "tinyurl.com", "tr.im",      "trib.al",   "u.to",        "urlz.fr",
    "urlzs.com", "v.gd",        "v.ht",       "vk.cc",     "w.wiki",      "x.co",
    "y2u.be",    "yourls.org",  "zpr.io",
};

static const char *const free_hosts[] = {
    "000webhostapp.com",
    "123formbuilder.com",
    "appspot.com",
    "azurewebsites.net",
    "backblazeb2.com",
    "bigcartel.com",
    "blob.core.windows.net",
    "blogspot.com",
    "business.site",
    "canva.site",
    "carrd.co",
    "cf-ipfs.com",
    "clickfunnels.com",
    "cloudfront.net",
    "codesandbox.io",
    "constantcontactsites.com",
    "cprapid.com",
    "digitaloceanspaces.com",
    "docs.google.com",
    "duckdns.org",
    "dweb.link",
    "dynv6.net",
    "fibery.io",
    "firebaseapp.com",
    "firebasestorage.googleapis.com",
    "fleek.co",
    "forms.gle",
    "forms.office.com",
    "formstack.com",
    "framer.app",
    "freehostia.com",
    "ftp.sh",
    "gitbook.io",
    "github.io",
    "gitlab.io",
    "glitch.me",
    "godaddysites.com",
    "herokuapp.com",
    "hopp.to",
    "hostingerapp.com",
    "infinityfreeapp.com",
    "infura-ipfs.io",
    "ipfs.io",
    "jimdosite.com",
    "jotform.com",
    "linodeobjects.com",
    "live-website.com",
    "multiscreensite.com",
    "my.canva.site",
    "myftp.org",
    "myshopify.com",
    "mystrikingly.com",
    "netlify.app",
    "nftstorage.link",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "no-ip.org",
    "notion.site",
    "on.fleek.co",
    "onrender.com",
    "oraclecloud.com",
    "page.link",
    "pages.dev",
    "pantheonsite.io",
    "plesk.page",
    "pythonanywhere.com",
    "r2.dev",
    "railway.app",
    "repl.co",
    "replit.app",
    "replit.dev",
    "rf.gd",
    "s3.amazonaws.com",
    "serveftp.com",
    "serveo.net",
    "shoplightspeed.com",
    "simplesite.com",
    "sites.google.com",
    "square.site",
    "squarespace.com",
    "storage.googleapis.com",
    "strikingly.com",
    "surge.sh",
    "surveyheart.com",
    "surveymonkey.com",
    "translate.goog",
    "trycloudflare.com",
    "tumblr.com",
    "typedream.app",
    "typeform.com",
    "ukit.me",
    "umbler.net",
    "vercel.app",
    "web.app",
    "web.core.windows.net",
    "webador.com",
    "webcindario.com",
    "webflow.io",
    "weebly.com",
    "weeblysite.com",
    "wixsite.com",
    "wixstudio.io",
    "wordpress.com",
    "workers.dev",
    "wufoo.com",
    "yolasite.com",
    "zapto.org",
    "zohosites.com",
    "zyrosite.com",
};

static const char *const free_mail[] = {
    "126.com",        "163.com",        "aliyun.com",     "aol.com",
    "arcor.de",       "bigpond.com",    "bk.ru",          "bol.com.br",
    "cock.li",        "consultant.com", "daum.net",       "email.com",
    "europe.com",     "fastmail.com",   "foxmail.com",    "free.fr",
    "freenet.de",     "gmail.com",      "gmx.at",         "gmx.ch",
    "gmx.com",        "gmx.de",         "gmx.fr",         "gmx.net",
    "googlemail.com", "hanmail.net",    "hotmail.co.uk",  "hotmail.com",
    "hotmail.de",     "hotmail.es",     "hotmail.fr",     "hotmail.it",
    "hushmail.com",   "icloud.com",     "inbox.lv",       "inbox.ru",
    "inwind.it",      "keemail.me",     "laposte.net",    "libero.it",
    "list.ru",        "live.co.uk",     "live.com",       "live.fr",
    "live.it",        "live.nl",        "lycos.com",      "mac.com",
    "mail.com",       "mail.ee",        "mail.ru",        "me.com",
    "msn.com",        "myself.com",     "naver.com",      "o2.pl",
    "onet.pl",        "optonline.net",  "orange.fr",      "outlook.com",
    "outlook.de",     "outlook.es",     "outlook.fr",     "outlook.it",
    "pm.me",          "post.com",       "proton.me",      "protonmail.com",
    "qq.com",         "rambler.ru",     "rediffmail.com", "rocketmail.com",
    "sapo.pt",        "seznam.cz",      "sfr.fr",         "sina.com",
    "t-online.de",    "terra.com.br",   "tiscali.it",     "tuta.io",
    "tutanota.com",   "ukr.net",        "uol.com.br",     "usa.com",
    "virgilio.it",    "vk.com",         "wanadoo.fr",     "web.de",
    "wp.pl",          "ya.ru",          "yahoo.co.in",    "yahoo.co.jp",
    "yahoo.co.uk",    "yahoo.com",      "yahoo.com.br",   "yahoo.de",
    "yahoo.es",       "yahoo.fr",       "yahoo.it",       "yandex.com",
    "yandex.ru",      "yeah.net",       "ymail.com",      "zoho.com",
    "zohomail.com",
};

static const char *const odd_tlds[] = {
    "asia",    "autos",     "bar",         "beauty", "best",    "bid",      "biz.id",
    "bond",    "boutique",  "buzz",        "cam",    "casa",    "cf",       "cfd",
    "charity", "christmas", "click",       "club",   "college", "country",  "cricket",
    "cyou",    "date",      "dating",      "degree", "desi",    "download", "email.id",
    "ent",     "faith",     "fit",         "fun",    "fyi",     "ga",       "gay",
    "gdn",     "gq",        "guru",        "hair",   "help",    "homes",    "host",
    "icu",     "ink",       "kim",         "lat",    "life",    "link",     "live",
    "loan",    "lol",       "lotto",       "makeup", "men",     "mk",       "ml",
    "mom",     "monster",   "motorcycles", "ninja",  "online",  "party",    "pics",
    "pink",    "press",     "pro",         "pw",     "quest",   "racing",   "reisen",
    "ren",     "rest",      "review",      "ru.com", "sa.com",  "sbs",      "science",
    "shop",    "site",      "skin",        "space",  "store",   "stream",   "su",
    "support", "surf",      "tattoo",      "tk",     "today",   "tokyo",    "top",
    "trade",   "uno",       "us.com",      "vip",    "wang",    "webcam",   "website",
    "wiki",    "win",       "work",        "world",  "xin",     "xyz",      "yachts",
    "za.com",  "zip",
};

static const char *const executables[] = {
    "ade",  "adp", "apk", "app", "appx", "appxbundle", "bas",    "bat", "cab",
    "chm",  "cmd", "com", "cpl", "dll",  "dmg",        "ex",     "exe", "gadget",
    "hlp",  "hta", "img", "inf", "ins",  "iso",        "isp",    "jar", "jnlp",
    "js",   "jse", "ksh", "lib", "lnk",  "mde",        "msc",    "msi", "msix",
    "msp",  "mst", "nsh", "pif", "pkg",  "ps1",        "ps1xml", "ps2", "psc1",
    "psc2", "py",  "reg", "scf", "scr",  "sct",        "sh",     "shb", "sys",
    "url",  "vb",  "vbe", "vbs", "vhd",  "vhdx",       "vxd",    "wsc", "wsf",
    "wsh",  "xll",
};

static const char *const archives[] = {
    "7z",   "ace", "arc", "arj", "bz2", "cab",  "gz",  "img", "iso",
    "lha",  "lzh", "rar", "tar", "tbz", "tgz",  "txz", "uue", "vhd",
    "vhdx", "wim", "xz",  "z",   "zip", "zipx", "zst",
};

static const char *const macros[] = {
    "doc",  "docm", "dot", "dotm", "mdb",  "odb", "pot",  "potm",
    "ppam", "ppsm", "ppt", "pptm", "pub",  "rtf", "sldm", "slk",
    "xla",  "xlam", "xls", "xlsb", "xlsm", "xlt", "xltm", "xlw",
};

static const char *const documents[] = {
    "csv", "doc", "docx", "gif", "htm", "html", "jpeg", "jpg", "mp3", "mp4", "odp",
    "ods", "odt", "pdf",  "png", "ppt", "pptx", "rtf",  "txt", "wav", "xls", "xlsx",
};

static const char *const pages[] = {
    "htm", "html", "mht", "mhtml", "shtm", "shtml",
    "svg", "svgz", "xht", "xhtml", "xml",
};

static const char *const images[] = {
    "apng", "avif", "bmp", "gif", "heic", "heif", "ico",  "jfif",
    "jpe",  "jpeg", "jpg", "png", "tif",  "tiff", "webp",
};

static const char *const impersonal[] = {
    "(no subject)",
    "a quick question",
    "aanbieding",
    "angebot",
    "attention",
    "attn",
    "belangrijk",
    "bericht",
    "beste",
    "boa tarde",
    "bom dia",
    "bonjour",
    "bonsoir",
    "buenas",
    "buenas tardes",
    "buenos días",
    "buonasera",
    "buongiorno",
    "business",
    "business proposal",
    "ciao",
    "contact me",
    "dear",
    "dear customer",
    "dear friend",
    "dear sir",
    "dear sir/madam",
    "dear user",
    "dringend",
    "enquiry",
    "files",
    "for you",
    "geen onderwerp",
    "goedemorgen",
    "goedendag",
    "good day",
    "good morning",
    "greeting",
    "greetings",
    "guten tag",
    "hallo",
    "hello",
    "hello dear",
    "hello friend",
    "hello there",
    "here",
    "hey",
    "hey there",
    "hi",
    "hi dear",
    "hi there",
    "hoi",
    "hola",
    "important",
    "important message",
    "important notice",
    "importante",
    "info",
    "información",
    "information",
    "informazioni",
    "informações",
    "inquiry",
    "kein betreff",
    "mail",
    "mensagem",
    "mensaje",
    "message",
    "message for you",
    "messaggio",
    "nachricht",
    "nachricht für sie",
    "nessun oggetto",
    "news",
    "no subject",
    "notice",
    "notifica",
    "notificación",
    "notification",
    "notificação",
    "oferta",
    "offer",
    "offerta",
    "offre",
    "oi",
    "olá",
    "open this",
    "please read",
    "please respond",
    "proposal",
    "proposition",
    "propuesta",
    "prova",
    "prueba",
    "question",
    "quick question",
    "read me",
    "read this",
    "reply",
    "respond",
    "respond asap",
    "response needed",
    "salut",
    "salve",
    "sans objet",
    "sem assunto",
    "sin asunto",
    "sir",
    "test",
    "teste",
    "testing",
    "update",
    "urgent",
    "urgente",
    "wichtig",
    "your mail",
};

#define ROW(list)                                                                      \
    {                                                                                  \
        list, sizeof(list) / sizeof((list)[0])                                         \
    }
static const struct {
    const char *const *names;
    size_t count;
} lists[LIST_COUNT] = {
    [LIST_SHORTENERS] = ROW(shorteners),
    [LIST_FREE_HOSTS] = ROW(free_hosts),
    [LIST_FREE_MAIL] = ROW(free_mail),
    [LIST_ODD_TLDS] = ROW(odd_tlds),
    [LIST_EXECUTABLES] = ROW(executables),
    [LIST_ARCHIVES] = ROW(archives),
    [LIST_MACROS] = ROW(macros),
    [LIST_DOCUMENTS] = ROW(documents),
    [LIST_PAGES] = ROW(pages),
    [LIST_IMAGES] = ROW(images),
    [LIST_IMPERSONAL] = ROW(impersonal),
};
#undef ROW

const char *const *list_names(enum name_list list, size_t *count)
{
    *count = lists[list].count;
    return lists[list].names;
}

bool list_has(enum name_list list, struct span name)
{
    return span_is_listed(name, lists[list].names, lists[list].count);
}

bool list_has_suffix(enum name_list list, struct span name)
{
    /* a host has at most 127 labels; the names here at most 4 */
    for (int labels = 0; labels < 127 && name.len > 0; labels++) {
        if (list_has(list, name))
            return true;
        struct span label;
        if (!span_cut(name, '.', &label, &name))
            return false;
    }
    return false;
}

/* What a brand is called, and the label that its own domains carry. */
static const struct {
    const char *name, *label;
} brands[] = {
    {"adobe", "adobe"},
    {"amazon", "amazon"},
    {"amazonaws", "amazonaws"},
    {"american express", "americanexpress"},
    {"americanexpress", "americanexpress"},
    {"apple", "apple"},
    {"at&t", "att"},
    {"banco do brasil", "bb"},
    {"bank of america", "bankofamerica"},
    {"barclays", "barclays"},
    {"binance", "binance"},
    {"bitpanda", "bitpanda"},
    {"bradesco", "bradesco"},
    {"caixa", "caixa"},
    {"chase", "chase"},
    {"chronopost", "chronopost"},
    {"citibank", "citi"},
    {"coinbase", "coinbase"},
    {"commerzbank", "commerzbank"},
    {"correos", "correos"},
    {"costco", "costco"},
    {"credit agricole", "credit-agricole"},
    {"crédit agricole", "credit-agricole"},
    {"deutsche bank", "deutsche"},
    {"deutsche post", "deutschepost"},
    {"dhl", "dhl"},
    {"docusign", "docusign"},
    {"dropbox", "dropbox"},
    {"ebay", "ebay"},
    {"facebook", "facebook"},
    {"fedex", "fedex"},
    {"godaddy", "godaddy"},
    {"hmrc", "gov"},
    {"hsbc", "hsbc"},
    {"icloud", "apple"},
    {"instagram", "instagram"},
    {"intesa sanpaolo", "intesasanpaolo"},
    {"itau", "itau"},
    {"itaú", "itau"},
    {"kraken", "kraken"},
    {"la poste", "laposte"},
    {"ledger", "ledger"},
    {"linkedin", "linkedin"},
    {"mastercard", "mastercard"},
    {"mcafee", "mcafee"},
    {"metamask", "metamask"},
    {"microsoft", "microsoft"},
    {"mondial relay", "mondialrelay"},
    {"n26", "n26"},
    {"netflix", "netflix"},
    {"nordvpn", "nordvpn"},
    {"norton", "norton"},
    {"office 365", "microsoft"},
    {"office365", "microsoft"},
    {"onedrive", "microsoft"},
    {"outlook", "microsoft"},
    {"ovh", "ovh"},
    {"ovhcloud", "ovh"},
    {"paypal", "paypal"},
    {"poste italiane", "poste"},
    {"postnl", "postnl"},
    {"rabobank", "rabobank"},
    {"rakuten", "rakuten"},
    {"revolut", "revolut"},
    {"royal mail", "royalmail"},
    {"santander", "santander"},
    {"sharepoint", "microsoft"},
    {"sparkasse", "sparkasse"},
    {"spotify", "spotify"},
    {"swisscom", "swisscom"},
    {"telekom", "telekom"},
    {"trezor", "trezor"},
    {"unicredit", "unicredit"},
    {"ups", "ups"},
    {"usps", "usps"},
    {"volksbank", "volksbank"},
    {"walmart", "walmart"},
    {"wells fargo", "wellsfargo"},
    {"whatsapp", "whatsapp"},
    {"xfinity", "comcast"},
};

static bool is_word_at(struct span text, size_t at, struct span word)
{
    if (at + word.len > text.len ||
        !span_ieq((struct span){text.at + at, word.len}, word))
        return false;
    return at + word.len == text.len || (!ascii_is_alnum(text.at[at + word.len]) &&
                                         (unsigned char)text.at[at + word.len] < 0x80);
}

const char *brand_find(struct span text)
{
    for (size_t at = 0; at < text.len; at++) {
        char first = ascii_lower(text.at[at]);
        if (at > 0 && (ascii_is_alnum(text.at[at - 1]) || text.at[at - 1] < 0))
            continue;
        for (size_t k = 0; k < sizeof(brands) / sizeof(brands[0]); k++)
            if (brands[k].name[0] == first &&
                is_word_at(text, at, span_of(brands[k].name)))
                return brands[k].label;
    }
    return NULL;
}
