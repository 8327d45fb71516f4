#!/bin/sh
# Makes the namespace and the search attributes by which windows are found; what exists already stays as it is.
set -eu
until temporal operator cluster health; do sleep 1; done
temporal operator namespace describe --namespace default ||
  temporal operator namespace create --namespace default --retention 7d
until known=$(temporal operator search-attribute list --namespace default); do sleep 1; done
make() {
  case $known in *"$1"*) return ;; esac
  temporal operator search-attribute create --namespace default --name "$1" --type "$2"
}
make UnmogrowpTenant Keyword
make UnmogrowpWindowStart Datetime
make UnmogrowpWindowState Keyword
