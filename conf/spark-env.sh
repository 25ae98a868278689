# Sourced by Spark's own scripts, spark-submit among them, before they start the JVM.

# The progress bar belongs on a terminal, and not into a log file.
if [ -t 2 ]; then terminal=true; else terminal=false; fi
SPARK_SUBMIT_OPTS="-Dspark.ui.showConsoleProgress=$terminal $SPARK_SUBMIT_OPTS"

# Java's first line on stderr is a warning that Spark's own flags cause and no flag can silence:
# "Using incubator modules". All lines but that one are passed on.
exec 2> >(
  trap '' INT
  exec >&2
  IFS= read -r first || exit 0
  case "$first" in
    "WARNING: Using incubator modules: jdk.incubator.vector") ;;
    *) printf '%s\n' "$first" ;;
  esac
  exec cat
)

# Spark gives up where the machine's own name has no address; a local run needs none but this one.
if [ -z "${SPARK_LOCAL_IP:-}" ] && ! getent hosts "$(uname -n)" > /dev/null; then
  SPARK_LOCAL_IP=127.0.0.1
fi

# Where the locale is ASCII, as in cron and containers, Java can't read names with other letters.
if [ "$(locale charmap 2> /dev/null)" = ANSI_X3.4-1968 ]; then
  export LC_ALL=C.UTF-8
fi
