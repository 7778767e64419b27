#!/bin/sh
# Stands in BROWSER: hands the page to sign_in.mjs, which has made this pipe.
printf '%s' "$1" >"$AZID_PAGE"
