//go:build !slim

package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// bashCompletion prints cobra's script for bash, with functions of our own in place of those
// that it expects of the package bash-completion, which is often not installed.
func bashCompletion(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	_, err := io.WriteString(w, strings.NewReplacer(
		`    if declare -F _init_completion >/dev/null 2>&1; then
        _init_completion -n =: || return
    else
        __supervise_init_completion -n =: || return
    fi
`, "    __supervise_split\n",
		`# Macs have bash3 for which the bash-completion package doesn't include
# _init_completion. This is a minimal version of that function.
__supervise_init_completion()
{
    COMPREPLY=()
    _get_comp_words_by_ref "$@" cur prev words cword
}
`, bashFunctions,
		`    # Call _init_completion from the bash-completion package
    # to prepare the arguments properly
`, "",
		`_filedir`, `__supervise_filedir`,
		`    __supervise_handle_special_char "$cur" :
`, `    __supervise_handle_special_char "$cur" :
    __supervise_handle_at
`,
	).Replace(script.String()))
	return err
}

// bashFunctions split the line at blanks alone, whatever COMP_WORDBREAKS says, because the
// names of services have @ in them and flags =, and complete files and directories.
const bashFunctions = `# The words of the line up to the cursor.
__supervise_split()
{
    local rest=${COMP_LINE:0:COMP_POINT} blanks word i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        ((i == COMP_CWORD)) && word=$rest
        rest=${rest#"$word"}
        if [[ -n $blanks || i -eq 0 ]]; then
            words+=("$word")
        else
            words[${#words[@]}-1]+=$word
        fi
    done
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=
    ((cword > 0)) && prev=${words[cword-1]}
}

# Readline replaces only what begins with the last @.
__supervise_handle_at()
{
    local i
    if [[ $cur == *@* && $COMP_WORDBREAKS == *@* ]]; then
        for i in "${!COMPREPLY[@]}"; do
            COMPREPLY[i]=${COMPREPLY[i]#"${cur%@*}"}
        done
    fi
}

# Directories (-d), or those and the files with one of some endings (toml|json|).
__supervise_filedir()
{
    local entry path
    compopt -o filenames
    while IFS= read -r entry; do
        path=${entry/#~\//"$HOME/"}
        if [[ -d $path || ( $1 != -d && $entry == *.@(${1-*}) ) ]]; then
            COMPREPLY+=("$entry")
        fi
    done < <(compgen -f -- "$cur")
}
`
