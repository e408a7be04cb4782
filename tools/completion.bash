# Bash completion for tacit. Verbs and options are those that the program itself names.
_tacit() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} choices
    local program=${COMP_WORDS[0]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        choices=$("$program" --help 2>/dev/null | awk '$1 == "tacit" { print $2 }')
        mapfile -t COMPREPLY < <(compgen -W "$choices --help --version" -- "$word")
        return
    fi
    case $previous in
    --network) choices='local lan wan' ;;
    --precision) choices='f32 bf16' ;;
    --protect | -p) choices='plain stip mpc he' ;;
    --recipe | -r) choices='exact mpcformer secformer freediv freediv-2quad thex poly' ;;
    --roles | --add) choices='developer owner cloud server0 server1 dealer he-server' ;;
    --shape | -s) choices='bert-tiny minilm-l6 bert-base bert-large' ;;
    esac
    if [[ $COMP_CWORD -eq 2 && ${COMP_WORDS[1]} == party ]]; then
        choices='cloud server0 server1 dealer he-server'
    fi
    if [[ -z $choices && $word == -* ]]; then
        choices=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -- '--[a-z-]*')
    fi
    if [[ -n $choices ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -F _tacit tacit
