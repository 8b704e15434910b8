# What the examples share: a token, calls, and a way to read an answer without tools. It is sourced, not run.
#   PARLEY_URL (http://127.0.0.1:8080), PARLEY_CLIENT_ID and PARLEY_CLIENT_SECRET say who asks whom.

URL=${PARLEY_URL:-http://127.0.0.1:8080}
: "${PARLEY_CLIENT_ID:?set it to the id of a client of POST /v1/oauth-clients}"
: "${PARLEY_CLIENT_SECRET:?set it to the secret of that client}"

fail() { echo "$*" >&2; exit 1; }

# field NAME: the first value of this name in the JSON on standard input, without its quotes.
field() { sed -n "1s/.*\"$1\":\(\"\([^\"\\\\]\|\\\\.\)*\"\|[^,}]*\).*/\1/p" | sed 's/^"//; s/"$//'; }

# quote TEXT: the text as JSON writes it.
quote() { local s=${1//\\/\\\\}; printf '"%s"' "${s//\"/\\\"}"; }

# encode TEXT: the text as a part of an address.
encode() {
  local LC_ALL=C text=$1 out= c
  while [ -n "$text" ]; do
    c=${text:0:1} text=${text:1}
    case $c in [a-zA-Z0-9._~-]) out+=$c ;; *) out+=$(printf '%%%02X' "'$c" | sed 's/%F*\(..\)$/%\1/') ;; esac
  done
  printf '%s' "$out"
}

# call METHOD PATH [BODY]: prints the answer's body in one line; ends the script with the problem if it is one.
call() {
  local out status
  out=$(curl -sS -w '\n%{http_code}' -X "$1" "$URL$2" -H "Authorization: Bearer $TOKEN" ${3+-H 'Content-Type: application/json' -d "$3"}) || fail "$1 $2: no answer"
  status=${out##*$'\n'} out=${out%$'\n'*}
  case $status in 2*) printf '%s\n' "$out" ;; *) fail "$1 $2 answered $status: $(printf '%s' "$out" | field detail) $out" ;; esac
}

# items PATH: every item of a list of flat items, page by page, one a line.
items() {
  local path=$1 page cursor=
  case $path in *\?*) path+='&' ;; *) path+='?' ;; esac
  while :; do
    page=$(call GET "${path}limit=200&order=asc${cursor:+&cursor=$cursor}") || exit 1
    printf '%s' "$page" | sed 's/^{"items":\[//; s/\],"next_cursor":.*$//; s/},{/}\n{/g' | sed '/^$/d; $a\'
    cursor=$(printf '%s\n' "$page" | sed -n 's/.*"next_cursor":"\([^"]*\)".*/\1/p')
    [ -n "$cursor" ] || return 0
  done
}

# rows FILE: the lines of a CSV file beside the script (no quotes, no commas inside), without its head, comments and empty ones.
rows() { sed -e '1d' -e '/^[[:space:]]*\(#\|$\)/d' -e 's/\r$//' "$DATA/$1"; }

TOKEN=$(curl -sS "$URL/oauth/token" -u "$PARLEY_CLIENT_ID:$PARLEY_CLIENT_SECRET" -d grant_type=client_credentials | field access_token)
[ -n "$TOKEN" ] || fail "$URL gives no token to $PARLEY_CLIENT_ID"
