#!/bin/sh
# Makes the certificates that tests use. They are kept in the repository, valid for a hundred years, so that tests need
# no openssl. `server` and `renewed` are for localhost, 127.0.0.1 and shop.test; `other-ca` has signed nothing.
set -eu
cd "$(dirname "$0")"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=$1" \
    -keyout "$1.key" -out "$1.pem"
}
leaf() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  printf 'subjectAltName=DNS:localhost,DNS:shop.test,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days 36500 -extfile "$1.ext" -out "$1.pem"
  rm "$1.csr" "$1.ext"
}
authority ca
authority other-ca
leaf server
leaf renewed
leaf client
rm ca.key other-ca.key
