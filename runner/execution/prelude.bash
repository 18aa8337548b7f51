if [[ -n ${__ship_ready-} ]]; then builtin trap "$__ship_on_error" ERR; eval "$__ship_trace$__ship_text"; { builtin return; } 2>/dev/null; fi
# The shell of one TASK. The file sources itself for every entry, and then only line 1 is read. So an entry runs at the
# top level (its variables persist, `return` ends it), the numbers of lines in messages are those of the entry, `set -e`
# has no effect on it, and the ERR trap ends it at the first failing line of its top level, but not in functions and
# subshells: the trap must be set in the sourced file for that.
# (`.` and `eval` stand without `builtin` where the context of `||` must reach what they run.)
# 247: the variables of the TASK, 248: markers to the supervisor, 249: its answers, one byte each.

# Nothing is done before the supervisor holds this process in its limits and says so.
until builtin read -r -N 1 -u 249 __ship_answer; do (($? > 128)) || builtin exit 1; done
builtin . /dev/fd/247
exec 247<&-
# What earlier TASKs and command line set-up have left for this one.
[[ ! -s ${SHIPPABLE_INTEGRATION_ENVS_PATH-} ]] || . "$SHIPPABLE_INTEGRATION_ENVS_PATH" || builtin :
# Nothing takes the place of the platform's own: where that has made one of them readonly, bash says so and ends here.
{ __ship_fix; builtin unset -f __ship_fix; } || builtin :

__ship_trace= __ship_text= __ship_status=0 __ship_answer= __ship_hooks=0
__ship_self=${BASH_SOURCE[0]}
__ship_on_error='{ builtin exit "$?"; } 2>/dev/null'
__ship_on_exit='{ __ship_hush "$?"; } 2>/dev/null; __ship_finish'

# Notes the status, and switches off the tracing that a script switched on: the harness is not part of the trace. What
# is evaluated next begins with __ship_trace, which switches it on again.
__ship_hush() {
    __ship_status=$1
    case $- in *x*) __ship_trace='__ship_trace=; builtin set -x; ' ;; esac
    builtin set +x
}

# Tells the supervisor a marker and waits for its answer. The marker ends with a zero byte: no text of the shell has one.
__ship_tell() {
    builtin printf '%s\0' "$1" >&248 || builtin exit 1
    __ship_hear
}

__ship_hear() {
    until builtin read -r -N 1 -u 249 __ship_answer; do
        (($? > 128)) || builtin exit 1 # above 128: interrupted by a signal or by TMOUT
    done
    builtin export -n __ship_trace __ship_text __ship_status __ship_answer __ship_hooks __ship_self # for set -a
}

__ship_start() {
    [[ -r $__ship_self ]] || __ship_self=/dev/fd/255
    __ship_text=$1
    __ship_tell "S$1"
}

__ship_stop() {
    ((__ship_status == 0)) || builtin exit "$__ship_status"
    __ship_tell E0
    builtin trap "$__ship_on_exit" EXIT
}

# The end of the body, however it came: the supervisor knows whether and which hooks run.
__ship_finish() {
    __ship_tell "D$__ship_status"
    while [[ $__ship_answer == . ]]; do __ship_hear; done # the answer that a signal kept from being read before
    case $__ship_answer in
        s) (__ship_run_hooks on_success) || __ship_hooks=$? ;;
        f) (__ship_run_hooks on_failure) || __ship_hooks=$? ;;
    esac
    [[ $__ship_answer == n ]] || __ship_tell "H$__ship_hooks"
    ((__ship_status)) || __ship_status=$__ship_hooks
    __ship_tell "X$__ship_status"
    builtin exit "$__ship_status"
}

__ship_run_hooks() {
    builtin trap - ERR
    __ship_section "$1"
    __ship_section always
    builtin exit 0
}

__ship_section() {
    builtin declare -F "__ship_$1" >/dev/null || return 0
    __ship_tell "S$1"
    "__ship_$1"
    { __ship_hush "$?"; } 2>/dev/null
    __ship_tell "E$__ship_status"
}

# A signal that ends the shell is a failure with the usual status, not the status of the command before it.
for __ship_text in HUP:129 INT:130 PIPE:141 ALRM:142 TERM:143 USR1:138 USR2:140 XCPU:152 XFSZ:153 VTALRM:154; do
    builtin trap "{ builtin exit ${__ship_text#*:}; } 2>/dev/null" "${__ship_text%:*}"
done
builtin trap "$__ship_on_exit" EXIT
__ship_ready=1
