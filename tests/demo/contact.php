<?php
// A contact form's script, as it stands on many a web server.
mail('ann@there.example', 'Question about the reading on Saturday',
    "Hello,\n\nis there still a seat on Saturday? We would be two.\n\nKind regards\nJo\n",
    "From: web@here.example\r\nMessage-ID: <contact@demo.here.example>");
