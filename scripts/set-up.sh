#!/usr/bin/env bash
# set-up.sh FOLDER EXTRA PYTHON: a virtual environment with movierate[EXTRA], and Java.
# make calls it once; a file .EXTRA in the folder says that it is done.
# CONSTRAINTS names another file of versions than constraints.txt.
set -euo pipefail
folder=$1 extra=$2 python=$3
cd "$(dirname "$0")/.."

say() { echo "movierate: $*" >&2; }
stop() { say "error: $*"; exit 2; }

install_package() { # install_package NAME WHY
  local command="apt-get install -y --no-install-recommends $1"
  if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    stop "$2: run: sudo $command"
  fi
  say "$2: installing $1"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive $command; } > /tmp/movierate-apt.log 2>&1 \
    || stop "$2, and this failed: $command (see /tmp/movierate-apt.log)"
}

java_version() { # the major version of the Java that Spark would use, or 0
  local java=java
  [ -z "${JAVA_HOME:-}" ] || java=$JAVA_HOME/bin/java
  { "$java" -version 2>&1 || true; } | sed -nE '1s/.*version "([0-9]+).*/\1/p' | grep . || echo 0
}

command -v "$python" > /dev/null || install_package python3 "there is no $python"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
  3.10 | 3.11 | 3.12 | 3.13) ;;
  *) stop "$python is Python $version, and TensorFlow needs 3.10 to 3.13: make ... PYTHON=python3.12" ;;
esac
if [ "$(java_version)" -lt 17 ]; then
  [ -z "${JAVA_HOME:-}" ] || stop "JAVA_HOME ($JAVA_HOME) holds no Java 17 or newer: unset it"
  install_package openjdk-17-jre-headless "Spark needs Java 17 or newer"
fi
"$python" -c 'import ensurepip, venv' 2> /dev/null \
  || install_package python3-venv "this Python has no venv"

say "installing into $folder (a few minutes, once)"
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
"$folder/bin/python" -m pip install -qq --disable-pip-version-check \
  -c "${CONSTRAINTS:-constraints.txt}" -e ".[$extra]" \
  || stop "pip could not install movierate into $folder: see its message above"
# The hot loops are compiled now, so that the first run does not wait for it.
"$folder/bin/python" -c 'from movierate.kernels.cache import kernels; kernels()'
# Spark reads its settings, the quiet console among them, from the folder conf in its home.
home=$("$folder/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
ln -sfn "$PWD/conf" "$home/conf"
touch "$folder/.$extra"
