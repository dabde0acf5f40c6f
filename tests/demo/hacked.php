<?php
// The same server after somebody put a script of his own there: it sends the mail that
// it is handed.
[$header, $body] = explode("\n\n", file_get_contents($argv[1]), 2);
mail('victim@there.example', 'You have won', $body,
    "From: web@here.example\r\nMessage-ID: <hacked@demo.here.example>"
    . (preg_match('/^content-type:[^\n]*(\n[ \t][^\n]*)*/im', $header, $m)
        ? "\r\nMIME-Version: 1.0\r\n" . $m[0] : ''));
