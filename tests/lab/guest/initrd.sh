#!/bin/busybox sh
# The first program of Debian's kernel: it goes over to the machine's file system, and to $1 there,
# a file in the folder that the two share.
for module in /modules/*; do
  busybox insmod "$module"
done
busybox mount -t virtiofs machine /machine
busybox mount -t virtiofs shared "/machine${1%/*}"
exec busybox switch_root /machine "$1"
