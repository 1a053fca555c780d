#!/usr/bin/env bash
# Debian's Chromium for the tests of the page, where it may be installed. Without it they skip.
set -uo pipefail
give_up() { echo "no browser ($1): the tests of the page in the browser will skip"; exit 0; }

for program in chromium google-chrome google-chrome-stable; do
  command -v "$program" > /dev/null && exit 0
done
command -v apt-get > /dev/null || give_up 'apt-get is not there'
# Ubuntu's package only fetches a snap, which needs a running snapd.
grep -qsx 'ID=ubuntu' /etc/os-release && give_up "Ubuntu's chromium is a snap"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2> /dev/null || give_up 'neither root nor sudo without a password'
  as_root=(sudo -n)
fi
install=("${as_root[@]}" timeout 300 env DEBIAN_FRONTEND=noninteractive apt-get -qq)
said=$("${install[@]}" update 2>&1 &&
       "${install[@]}" install -y --no-install-recommends chromium fonts-dejavu-core 2>&1) ||
  give_up "$(tail -n 1 <<< "$said")"
