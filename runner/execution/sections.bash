# The sections of a CI build, behind prelude.bash: `ci` and `post_ci` share the shell, each hook gets one that knows all
# that they have left. `exit` ends its section only: what follows an `exit 0` runs in a child of this shell.

__ship_rest=

__ship_last=0

# Begins a section: what is told from now on belongs to it. The one before has ended with __ship_last.
__ship_begin() {
    __ship_tell "G$__ship_last:$1"
    __ship_last=0
}

__ship_finish() {
    if ((__ship_status == 0)) && [[ -n $__ship_rest ]]; then
        (__ship_run_rest) || __ship_status=$?
    fi
    __ship_tell "D$__ship_status"
    while [[ $__ship_answer == . ]]; do __ship_hear; done # the answer that a signal kept from being read before
    __ship_last=$__ship_status
    case $__ship_answer in
        s) __ship_run_hook on_success; __ship_run_hook always; __ship_tell "H$__ship_hooks" ;;
        f) __ship_run_hook on_failure; __ship_run_hook always; __ship_tell "H$__ship_hooks" ;;
    esac
    __ship_tell "G$__ship_last:"
    ((__ship_status)) || __ship_status=$__ship_hooks
    __ship_tell "X$__ship_status"
    builtin exit "$__ship_status"
}

# What follows the section that is over. Bash has taken the EXIT trap away from this child; none must come back.
__ship_run_rest() {
    __ship_text=$__ship_rest __ship_rest= __ship_on_exit=:
    { eval "$__ship_text"; } || builtin exit
    builtin exit 0
}

__ship_keep() {
    __ship_last=$1
    ((__ship_hooks)) || __ship_hooks=$1
}

# A hook that fails does not keep the next one from running; the first status counts.
__ship_run_hook() {
    builtin declare -F "__ship_$1" >/dev/null || return 0
    __ship_begin "$1"
    (
        __ship_on_exit=:
        { "__ship_$1"; } || builtin exit
        builtin exit 0
    ) || __ship_keep "$?"
}
